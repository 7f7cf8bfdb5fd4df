from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from spaceport import errors
from spaceport.api import problems
from spaceport.api.application import create_api
from spaceport.api.request_id import RequestIdMiddleware
from spaceport.settings import Settings

# An application of which only the shape is asked.
NOWHERE = SimpleNamespace(settings=Settings(_env_file=None))
STATUSES = {
    errors.Invalid: 422,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
    errors.UpstreamFailed: 502,
}
MEMBERS = {"type", "title", "status", "detail", "code", "fix", "instance", "request_id"}


@pytest.fixture
def door():
    """A door whose only route raises what the test put into its state."""
    app = FastAPI()
    app.add_middleware(RequestIdMiddleware)
    problems.install(app)

    @app.get("/raise")
    def raise_it():
        raise app.state.error

    def answer_to(error: Exception, **headers: str):
        app.state.error = error
        return TestClient(app, raise_server_exceptions=False).get("/raise", headers=headers)

    return answer_to


def kinds() -> list[type[errors.SpaceportError]]:
    return errors.SpaceportError.__subclasses__()


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_kind_of_error_becomes_a_problem_with_its_status(door, kind):
    answer = door(kind("It is so.", code="some_code", fix="Do this."))
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == problem["status"] == STATUSES[kind]
    assert set(problem) == MEMBERS
    assert (problem["detail"], problem["code"], problem["fix"]) == ("It is so.", "some_code", "Do this.")
    assert (problem["type"], problem["instance"]) == ("urn:spaceport:problem:some_code", "/raise")


def test_a_refined_kind_has_the_status_of_what_it_refines(door):
    class Busy(errors.Conflict): ...

    assert door(Busy("Busy.", code="busy")).status_code == 409


def test_facts_are_members_of_the_problem_and_never_replace_its_own(door):
    problem = door(errors.TooLarge("Too large.", code="too_large", limit=5, title="no", instance="no")).json()
    assert problem["limit"] == 5
    assert (problem["title"], problem["instance"]) != ("no", "no")


def test_waiting_times_are_whole_seconds_in_the_header(door):
    assert door(errors.RateLimited("Wait.", code="w", retry_after=1.2)).headers["Retry-After"] == "2"
    assert door(errors.Unavailable("Wait.", code="w", retry_after=0)).headers["Retry-After"].isdigit()
    assert door(errors.Unavailable("Wait.", code="w")).headers["Retry-After"].isdigit()
    assert "Retry-After" not in door(errors.Conflict("No.", code="c", retry_after=3)).headers


def test_an_unexpected_error_says_nothing_but_the_request_id(door):
    answer = door(RuntimeError("the password is hunter2"), **{"X-Request-Id": "mine-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"] == "mine-1"
    assert "hunter2" not in answer.text


def test_an_unexpected_error_still_reaches_the_server_s_log():
    app = FastAPI()
    app.add_middleware(RequestIdMiddleware)
    problems.install(app)
    app.add_api_route("/raise", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/raise")


def test_an_unknown_path_and_a_wrong_method_are_problems_too():
    api = TestClient(create_api(NOWHERE))
    missing = api.get("/api/v1/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert missing.headers["Content-Type"] == "application/problem+json"
    wrong = api.get("/api/v1/auth/token")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"


@pytest.mark.parametrize("given", ["abc-123", "A.b_c-9", "x" * 64])
def test_a_sane_request_id_is_kept(door, given):
    answer = door(errors.Conflict("No.", code="c"), **{"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "a\tb", "ü".encode("latin-1")])
def test_another_request_id_is_replaced(door, given):
    answer = door(errors.Conflict("No.", code="c"), **{"X-Request-Id": given})
    assert answer.headers.get_list("X-Request-Id") == [answer.json()["request_id"]]
    assert answer.json()["request_id"].startswith("req_")


def test_every_operation_has_a_name_of_its_own_and_documents_problems():
    document = create_api(NOWHERE).openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert "issue_token" in names
    for operation in operations:
        assert "422" not in operation["responses"]
        assert problems.MEDIA_TYPE in operation["responses"]["default"]["content"]
        assert operation["summary"]
        assert operation["tags"]
    assert {"Problem", "FieldError"} <= set(document["components"]["schemas"])
