"""What no body may hold, whichever door it is sent to."""

from typing import Any

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.test_examples import DOCUMENT, OPERATIONS
from tests.localhub_server import LocalHub

JOB = '{"docker_image": "python:3.12", "command": ["x"], "secrets": {"KEY": "%s"}}'


@pytest.mark.parametrize("wrong", [r"half \ud800", r"NUL \u0000"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "{space}/secrets/KEY", '{"value": "%s"}'),
        ("POST", "{space}/secrets", '{"secrets": [{"key": "KEY", "value": "%s"}]}'),
        ("PUT", "{space}/variables/KEY", '{"value": "%s"}'),
        ("POST", "/api/v1/hub-jobs", JOB),
        ("POST", "/api/v1/hub-jobs/scheduled", f'{{"schedule": "@hourly", "job_spec": {JOB}}}'),
    ],
)
def test_a_value_that_no_environment_can_hold_is_refused_before_the_hub_hears_of_it(
    crew: Crew, hub: LocalHub, method: str, path: str, body: str, wrong: str
) -> None:
    last = hub.calls()[-1]["number"]
    answer = raw(crew, method, path.format(space=crew.space), body % wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert "half" not in answer.text
    assert hub.calls(after=last) == []


def test_half_a_character_is_no_password(crew: Crew) -> None:
    answer = raw(crew, "POST", "/api/v1/auth/password", r'{"current": "\ud800", "new": "a long passphrase"}')
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "current")


def test_a_misspelt_field_is_an_error_and_not_a_silence() -> None:
    open_ended = [name for name, operation in OPERATIONS.items() if not all(map(closed, json_bodies(operation)))]
    assert open_ended == []
    assert len([name for name, operation in OPERATIONS.items() if json_bodies(operation)]) > 30


def json_bodies(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The shapes that a request's JSON may have."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    found = [resolved(each) for each in schema.get("anyOf") or schema.get("oneOf") or [schema]]
    return [each for each in found if each.get("type") == "object"]


def closed(schema: dict[str, Any]) -> bool:
    return schema.get("additionalProperties") is False


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"][name] if name else schema


def raw(crew: Crew, method: str, path: str, content: str):
    """As it stands: a library would not write half a character."""
    owner = crew.people["owner"]
    return owner.api.request(
        method, path, content=content, headers=owner.headers | {"Content-Type": "application/json"}
    )
