"""Every operation in the OpenAPI document has an example, and the example is what the document says."""

from typing import Any

import jsonschema
import pytest
from tests.api.test_problems import NOWHERE

from spaceport.api import examples
from spaceport.api.application import create_api

DOCUMENT = create_api(NOWHERE).openapi()
PATHS = DOCUMENT["paths"].values()
OPERATIONS = {operation["operationId"]: operation for methods in PATHS for operation in methods.values()}


def media(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """What is sent and answered as JSON when all goes well, but for answers without a shape of their own."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    parts = [operation.get("requestBody", {}), *answers]
    found = [part["content"]["application/json"] for part in parts if "application/json" in part.get("content", {})]
    return [each for each in found if each.get("schema")]


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_shows_an_example_that_fits(name: str) -> None:
    shown = [each for each in media(OPERATIONS[name]) if "example" in each or "examples" in each]
    assert len(shown) == len(media(OPERATIONS[name])), "Run make examples."
    for each in shown:
        values = [each["example"]] if "example" in each else [case["value"] for case in each["examples"].values()]
        for value in values:
            schema = {**each["schema"], "components": DOCUMENT["components"]}
            jsonschema.Draft202012Validator(schema).validate(value)


def test_no_example_is_of_an_operation_that_is_gone() -> None:
    assert set(examples._recorded()) <= set(OPERATIONS)
