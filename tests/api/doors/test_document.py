"""The OpenAPI document is true: what it lets anybody send is answered as it says, and without another team's rows."""

import contextlib
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.doors.conftest import Crew
from tests.api.doors.test_roles import leaks
from tests.localhub_server import LocalHub

from spaceport.api.health import HubReachability

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of each operation and identity, for what fits the document and for what does not.
EXAMPLES = 4
# Deletions last: what they delete is asked for before.
ORDER = ("get", "post", "put", "patch", "delete")
# What waits for the Hub's state waits no longer than this.
SECONDS = 1


@pytest.fixture
def whole(everything: Crew, hub: LocalHub) -> Crew:
    state = everything.people["owner"].api.app.state
    state.hub_reachability, state.engine = HubReachability(hub.url), None
    return everything


def operations(crew: Crew) -> list[APIOperation[Any, Any, Any, Any]]:
    app = crew.people["owner"].api.app
    schema = schemathesis.openapi.from_dict(app.openapi())
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted((each for each in found if not endless(each)), key=lambda each: ORDER.index(each.method))


def endless(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    answers = operation.definition.raw["responses"].get("200", {}).get("content", {})
    return "text/event-stream" in answers


def known(crew: Crew, operation: APIOperation[Any, Any, Any, Any]) -> dict[str, str]:
    """The rows of the team for what is named in the path."""
    ids = {f"{name}_id": value for name, value in crew.ids.items()} | {"owner": "local", "name": crew.name}
    ids |= {"team_id": crew.team_id, "user_id": crew.people["viewer"].id, "provider": "huggingface"}
    ids["key"] = crew.ids["secret"] if "/secrets/" in operation.path else crew.ids["variable"]
    return {name: ids[name] for name in ids if f"{{{name}}}" in operation.path}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["nobody", "stranger", "viewer", "deployer", "admin"])
def test_every_operation_answers_what_the_document_says(whole: Crew, who: str) -> None:
    for operation in operations(whole):
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            rows = known(whole, operation) if mode is GenerationMode.POSITIVE else {}
            # Where there is nothing to send, nothing can be wrong with it.
            with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
                ask(whole, who, operation.as_strategy(generation_mode=mode, path_parameters=rows or None))


def ask(crew: Crew, who: str, cases: st.SearchStrategy[Case]) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def every(case: Case) -> None:
        if "timeout" in (case.query or {}):
            case.query["timeout"] = SECONDS
        asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        headers = dict(asked.headers) | ({} if who == "nobody" else crew.people[who].headers)
        api = crew.people["owner"].api
        answer = api.request(str(asked.method), str(asked.url), content=asked.body, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        if who in {"nobody", "stranger"}:
            assert not leaks(crew, answer.text, str(asked.url))

    every()
