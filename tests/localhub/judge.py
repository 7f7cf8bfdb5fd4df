"""The Hub's published document, as a judge of answers.

`hub-openapi.json` is that document (https://huggingface.co/.well-known/openapi.json, as of 2026-08-17) reduced to the
paths localhub could answer and to what a validator reads: no descriptions, repeated schemas moved to components.
`recorded.py` adds what it leaves out.
"""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from tests.localhub import recorded

DOCUMENT = json.loads(Path(__file__).with_name("hub-openapi.json").read_text())
# The one place where the document contradicts the Hub's recorded traffic: it leaves the path out of a tree's entries.
_tree = DOCUMENT["paths"]["/api/spaces/{namespace}/{repo}/tree/{rev}/{path}"]["get"]["responses"]["200"]
_tree["content"]["application/json"]["schema"]["items"]["properties"]["path"] = {"type": "string"}
# And the one answer that comes only when it is asked for with a header that the client does not send.
del DOCUMENT["paths"]["/spaces/{namespace}/{repo}/resolve/{rev}/{path}"]["get"]["responses"]["200"]
for (_method, _path), _answers in recorded.ANSWERS.items():
    _known = DOCUMENT["paths"].setdefault(_path, {}).setdefault(_method.lower(), {})
    for _status, _schema_of in _answers.items():
        _known.setdefault("responses", {})[str(_status)] = {"content": {"application/json": {"schema": _schema_of}}}
Operation = tuple[str, str]
"""Method and path template."""
OPERATIONS: list[Operation] = sorted(
    ((method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods),
    key=lambda operation: operation[1].count("{"),
)


def operation(method: str, path: str) -> Operation | None:
    """What the document calls this request. The most literal template wins."""
    return next((found for found in OPERATIONS if found[0] == method and _pattern(found[1]).fullmatch(path)), None)


def check(method: str, path: str, status: int, body: Any) -> Operation | None:
    """Asserts that the answer is as documented, and that a refusal says why. None for what is not documented."""
    found = operation(method, path)
    expected = found and schema(found, status)
    if expected:
        problems = [
            f"{'.'.join(map(str, problem.path))}: {problem.message}"
            for problem in Draft202012Validator(expected | {"components": DOCUMENT["components"]}).iter_errors(body)
        ]
        assert not problems, f"{method} {path} answered {status} {json.dumps(body)[:2000]}\n" + "\n".join(problems)
    elif status >= 400:
        assert isinstance(body, dict), f"{method} {path} answered {status} {body}"
        assert body.get("error") or body.get("errors"), f"{method} {path} answered {status} {body}"
    assert status < 500, f"{method} {path} answered {status} {body}"
    return found


def schema(found: Operation, status: int) -> dict[str, Any] | None:
    """Of one answer; None where neither the document nor recorded traffic says what it looks like."""
    method, path = found
    answers = DOCUMENT["paths"][path][method.lower()].get("responses", {})
    return answers.get(str(status), {}).get("content", {}).get("application/json", {}).get("schema")


def allows(found: Operation, body: Any) -> bool:
    """Whether the document allows a body to be sent; what it says nothing about is allowed."""
    given = DOCUMENT["paths"][found[1]][found[0].lower()].get("requestBody", {})
    expected = given.get("content", {}).get("application/json", {}).get("schema", {})
    return bool(Draft202012Validator(expected | {"components": DOCUMENT["components"]}).is_valid(body))


def _pattern(template: str) -> re.Pattern[str]:
    # A trailing path may be left out: the root of a tree.
    text = template.replace("/{path}", "(/.*)?").replace("{rev}", ".+?").replace("{compare}", ".+")
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", text))
