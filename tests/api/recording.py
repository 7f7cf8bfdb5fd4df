"""Examples for the OpenAPI document, recorded from what the tests ask and are answered: `make examples`."""

import functools
import json
import os
import re
from typing import Any

import httpx2
from starlette.testclient import TestClient

from spaceport.api import examples

# What differs from run to run, or is only true on the machine that recorded it.
_PLAIN = (
    (r"http://127\.0\.0\.1:\d+(/spaces|\")", r"https://huggingface.co\1"),
    (r"https?://127\.\d+\.\d+\.\d+:\d+", "https://acme-demo.hf.space"),
    (r"127\.\d+\.\d+\.\d+:\d+", "acme-demo.hf.space"),
    (r"space-\d+", "demo"),
    (r'"local"', '"acme"'),
    (r"local/", "acme/"),
    (r"hf_local", "hf_…"),
    (r"ey[\w-]+\.[\w-]+\.[\w-]+", "eyJ…"),
    (r"spd_[\w-]+", "spd_…"),
    (r"whsec_[\w+/=-]+", "whsec_…"),
    (r'("refresh_token": )"[^"]+"', r'\1"…"'),
)


class RecordingClient(TestClient):
    """Keeps one exchange of every operation: the shortest that shows something."""

    best: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - of all clients of a run

    def request(self, method: str, url: Any, **options: Any) -> httpx2.Response:
        answer = super().request(method, url, **options)
        operation = self._operation(method, answer.url.path)
        if operation is not None and str(answer.status_code) in operation["responses"]:
            self._keep(operation["operationId"], options.get("json"), answer)
        return answer

    def _keep(self, operation: str, sent: Any, answer: httpx2.Response) -> None:
        exchange: dict[str, Any] = {"status": answer.status_code}
        if answer.headers.get("content-type") == "application/json" and answer.content:
            exchange["response"] = answer.json()
        if sent is not None and (answer.is_success or "response" in exchange):
            exchange["request"] = sent
        if len(exchange) == 1:
            return
        known = self.best.get(operation)
        if known is None or _worth(exchange) > _worth(known):
            self.best[operation] = exchange

    @functools.cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        """Paths without parameters first: they are the more exact ones."""
        paths = sorted(self.app.openapi()["paths"].items(), key=lambda item: "{" in item[0])
        return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), methods) for path, methods in paths]

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, methods in self._patterns:
            if method.lower() in methods and pattern.fullmatch(path):
                return methods[method.lower()]
        return None


def wanted() -> bool:
    return "RECORD_EXAMPLES" in os.environ


def write() -> None:
    """What this run did not ask stays as it was."""
    known = json.loads(examples.FILE.read_text(encoding="utf-8"))
    text = json.dumps(known | RecordingClient.best, indent=1, sort_keys=True, ensure_ascii=False)
    for pattern, plain in _PLAIN:
        text = re.sub(pattern, plain, text)
    examples.FILE.write_text(text + "\n", encoding="utf-8")


def _worth(exchange: dict[str, Any]) -> tuple[bool, bool, int]:
    """An example shows something, shows what to send, and can be read at a glance."""
    answer = exchange.get("response")
    shown = answer.get("items", answer) if isinstance(answer, dict) else answer
    return bool(shown), "request" in exchange, -len(json.dumps(exchange))
