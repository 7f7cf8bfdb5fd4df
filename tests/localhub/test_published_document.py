"""The Hub's published document is the second judge; what it leaves out is held against recorded traffic."""

import json
import re
from typing import Any

import httpx
import pytest
from starlette.routing import Match, Route
from tests.localhub import judge
from tests.localhub.calls import CALLS, HEADER
from tests.localhub.judge import Operation
from tests.localhub.stock import Stock, open_shop
from tests.localhub_server import LocalHub

from localhub.api import absent, cas, git, lfs, page
from localhub.app import DOORS, JOB_DOORS

UNDOCUMENTED = {absent, page, git, lfs, cas}
"""git, git-lfs and the Xet client judge their own protocols."""
ROUTES: list[Route] = [route for door in DOORS + JOB_DOORS if door not in UNDOCUMENTED for route in door.ROUTES]
STRANGE: list[Any] = [None, True, 1, -1, 10**30, 1.5, "", "x", "\0", "é/..", "a" * 5000, [], [None], [{}], {}, {"": 1}]
BROKEN = [b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"key":"\\ud800"}', b'{"key":NaN}']
"""Bodies that are no JSON object."""
_SPACE = "/api/spaces/{namespace}/{repo}"
UNDESCRIBED = {
    # The client reads nothing of these answers but their status.
    ("POST", "/api/repos/move"),
    *((method, f"{_SPACE}/{kind}/{{rev}}") for method in ("POST", "DELETE") for kind in ("branch", "tag")),
    *((method, f"{_SPACE}/volumes") for method in ("PUT", "DELETE")),
    ("DELETE", "/api/buckets/{namespace}/{repo}"),
    *(("POST", f"/api/scheduled-jobs/{{namespace}}/{{jobId}}/{verb}") for verb in ("suspend", "resume")),
    # A file, and streams: test_commits.py, test_logs.py and test_jobs.py look into them.
    ("GET", "/spaces/{namespace}/{repo}/resolve/{rev}/{path}"),
    ("GET", f"{_SPACE}/logs/{{logType}}"),
    *(("GET", f"/api/jobs/{{namespace}}/{{jobId}}/{stream}") for stream in ("logs", "metrics")),
}
"""Whose good answer neither the document nor recorded traffic describes."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    users = ("--user", "local:hf_local", "--user", "eve:hf_eve", "--token", "local:hf_read:read")
    hub = LocalHub(tmp_path_factory.mktemp("hub"), *users, "--api-quota", "1000000")
    try:
        open_shop(hub)
        yield hub
    finally:
        hub.stop()


def named(operation: Operation) -> str:
    return " ".join(operation)


every_call = pytest.mark.parametrize("operation", CALLS, ids=named)


def send(hub: LocalHub, operation: Operation, stock: Stock, token: str | None = None) -> httpx.Response:
    call = CALLS[operation]
    options = call.options | ({"json": filled(call.json, stock)} if call.json is not None else {})
    with hub.http(token) as client:
        return client.request(operation[0], call.path.format_map(stock), **options)


def filled(value: Any, stock: Stock) -> Any:
    """The body with its words in braces replaced."""
    if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value):
        return value.format_map(stock)
    if isinstance(value, dict):
        return {key: filled(item, stock) for key, item in value.items()}
    return value


def body(answer: httpx.Response) -> Any:
    return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer.text


def test_every_documented_call_that_localhub_answers_is_judged():
    answered = {operation for operation in judge.OPERATIONS if route_of(*operation)}
    assert answered == CALLS.keys()


def test_every_good_answer_is_held_against_a_schema_but_for_a_few():
    assert {operation for operation in CALLS if judge.schema(operation, 200) is None} == UNDESCRIBED


def test_every_good_call_is_one_that_the_document_allows():
    for operation, call in CALLS.items():
        assert call.json is None or taken_anyway(operation, call.json) or judge.allows(operation, call.json), operation


def test_every_route_of_localhub_is_reached_by_a_judged_call():
    # The root of a tree is a path of its own.
    reached = [route_of(method, path) for method, full in CALLS for path in (full, full.removesuffix("/{path}"))]
    assert [route.path for route in ROUTES if route not in reached] == []


def route_of(method: str, template: str) -> Route | None:
    path = re.sub(r"\{\w+\}", "x", template.replace("{repoType}", "spaces").replace("{action}", "enable"))
    scope = {"type": "http", "method": method, "path": path}
    return next((route for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


@every_call
def test_a_good_call_is_answered_as_documented(hub, operation):
    answer = send(hub, operation, Stock(hub))
    assert answer.status_code == 200, answer.text
    assert judge.check(operation[0], answer.url.path, 200, body(answer)) == operation


@every_call
@pytest.mark.parametrize("token", ["hf_wrong", "hf_read", "hf_eve"])
def test_a_refusal_is_a_status_and_a_sentence(hub, operation, token):
    answer = send(hub, operation, Stock(hub), token)
    if token == "hf_wrong":
        assert answer.status_code == 401
    assert answer.status_code in {200, 401, 403, 404, 406, 409}
    judge.check(operation[0], answer.url.path, answer.status_code, body(answer))


@pytest.mark.parametrize("operation", [operation for operation, call in CALLS.items() if call.json], ids=named)
def test_a_malformed_body_is_the_callers_fault(hub, operation):
    call, stock = CALLS[operation], Stock(hub)
    good, path = filled(call.json, stock), call.path.format_map(stock)
    with hub.http() as client:
        for broken in BROKEN:
            answer = client.request(operation[0], path, content=broken)
            assert answer.status_code in {400, 404, 422}, f"{broken[:40]!r}: {answer.status_code} {answer.text}"
        for changed in mutations(good):
            answer = client.request(operation[0], path, content=json.dumps(changed))
            judge.check(operation[0], path, answer.status_code, body(answer))
            if answer.is_success and not taken_anyway(operation, changed):
                assert judge.allows(operation, changed), f"localhub takes what the Hub refuses: {changed}"


def taken_anyway(operation: Operation, given: dict[str, Any]) -> bool:
    """Where the document asks for more than the Hub's own client sends, the client is believed."""
    if operation[1].startswith("/api/settings/webhooks"):
        return "domains" not in given or (operation[1].endswith("{webhookId}") and given.get("watched") == [])
    return operation == ("PUT", "/api/buckets/{namespace}/{repo}/settings")


def mutations(good: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{key: value for key, value in good.items() if key != left_out} for left_out in good]
    for key, value in good.items():
        found += [good | {key: strange} for strange in STRANGE]
        if isinstance(value, dict):
            found += [good | {key: changed} for changed in mutations(value)]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found += [good | {key: [changed]} for changed in mutations(value[0])]
    return found


def test_malformed_lines_of_a_commit_are_the_callers_fault(hub):
    path = CALLS["POST", "/api/spaces/{namespace}/{repo}/commit/{rev}"].path.format_map(Stock(hub))
    good = {"content": "YQ==", "path": "a", "encoding": "base64", "oldPath": "b"}
    values: list[Any] = [*STRANGE, *mutations(good)]
    keys = ["file", "lfsFile", "header", "deletedFile", "deletedFolder", "deletedEntry", "nothing", None, 1]
    with hub.http() as client:
        for key in keys:
            for value in values:
                line = json.dumps({"key": key, "value": value})
                answer = client.post(path, content=HEADER + line)
                judge.check("POST", path, answer.status_code, body(answer))
        for broken in BROKEN:
            assert client.post(path, content=HEADER.encode() + broken).status_code in {400, 422}


def test_malformed_queries_are_the_callers_fault(hub):
    asked = {"limit", "cursor", "p", "tail", "expand", "expand[]", "sort", "stage", "label", "q", "filter", "recursive"}
    with hub.http() as client:
        for (method, _template), call in CALLS.items():
            if method == "GET" and "{brief}" not in call.path:
                path = call.path.format_map(Stock(hub))
                for strange in ("", "x", "-1", "0", "9" * 30, "\0", "é=", "٣"):
                    answer = client.get(path, params=dict.fromkeys(asked, strange))
                    assert answer.status_code < 500, f"{answer.url}: {answer.text}"
