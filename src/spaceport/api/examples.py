"""An example of every operation in the OpenAPI document: exchanges that the tests had, recorded by `make examples`."""

import functools
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")


def describe(document: dict[str, Any]) -> None:
    """Adds them to the operations of an OpenAPI document."""
    known = _recorded()
    for operations in document["paths"].values():
        for operation in operations.values():
            if (exchange := known.get(operation["operationId"])) is not None:
                _add(operation, exchange)


def _add(operation: dict[str, Any], exchange: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "request" in exchange:
        body.setdefault("example", exchange["request"])
    answer = operation["responses"].get(str(exchange["status"]), {}).get("content", {}).get("application/json")
    if answer is not None:
        answer.setdefault("example", exchange["response"])


@functools.cache
def _recorded() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return known
