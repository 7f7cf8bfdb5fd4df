"""Reading what has not changed, and changing only what has not changed meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta

import pytest
from tests.api.doors.conftest import Crew

from spaceport import clock
from spaceport.idempotency import changes
from spaceport.spaces import commands


def tag(crew: Crew, path: str = "{space}") -> str:
    answer = crew.ask("owner", "GET", path)
    assert answer.status_code == 200
    return answer.headers["ETag"]


def test_what_is_read_again_unchanged_costs_no_body(crew: Crew):
    first = crew.ask("viewer", "GET", "{space}")
    known = first.headers["ETag"]

    for sent in (known, f"W/{known}", f'"other", {known}', "*"):
        again = crew.ask("viewer", "GET", "{space}", headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == known
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]


def test_what_has_changed_is_sent_again(crew: Crew):
    known = tag(crew)
    crew.done("PATCH", "{space}", {"auto_deploy": True})

    again = crew.ask("viewer", "GET", "{space}", headers={"If-None-Match": known})

    assert again.status_code == 200
    assert again.headers["ETag"] == tag(crew) != known


def test_a_list_has_a_tag_too_and_keeps_its_link(crew: Crew):
    for _ in range(2):
        crew.done("PATCH", "{space}", {"auto_deploy": True})
    path = "{space}/activity?limit=1"
    first = crew.ask("viewer", "GET", path)

    again = crew.ask("viewer", "GET", path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.headers["Link"] == first.headers["Link"]


def test_a_runtime_that_only_grew_older_is_not_sent_again(crew: Crew):
    known = tag(crew, "{space}/runtime")
    assert known.startswith("W/")

    for sent in (known, known.removeprefix("W/")):
        again = crew.ask("viewer", "GET", "{space}/runtime", headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
    crew.done("GET", "{space}/runtime?fresh=true")

    assert crew.ask("viewer", "GET", "{space}/runtime", headers={"If-None-Match": known}).status_code == 200


def test_a_change_of_what_was_read_is_made(crew: Crew):
    answer = crew.ask("owner", "PATCH", "{space}", {"auto_deploy": True}, headers={"If-Match": tag(crew)})
    assert answer.status_code == 200
    assert crew.done("GET", "{space}")["auto_deploy"] is True
    assert crew.ask("owner", "PATCH", "{space}", {"auto_deploy": False}, headers={"If-Match": "*"}).is_success


def test_a_change_of_something_else_is_refused_and_told_the_present_tag(crew: Crew):
    known = tag(crew)
    crew.done("PATCH", "{space}", {"health": {"path": "/first"}})

    for method, body in (("PATCH", {"health": {"path": "/second"}}), ("DELETE", None)):
        answer = crew.ask("owner", method, "{space}", body, headers={"If-Match": known})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
        assert answer.json()["etag"] == tag(crew)
    assert crew.done("GET", "{space}")["health"]["path"] == "/first"


def test_a_condition_on_what_is_gone_fails(crew: Crew):
    answer = crew.ask("owner", "DELETE", "/api/v1/spaces/local/gone", headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


def test_a_condition_opens_no_door_that_is_closed(crew: Crew):
    known = tag(crew)
    for who, status in (("nobody", 401), ("viewer", 403), ("stranger", 412)):
        answer = crew.ask(who, "PATCH", "{space}", {"auto_deploy": True}, headers={"If-Match": known})
        assert answer.status_code == status
        assert known not in answer.text


def test_of_two_changes_at_once_one_is_made(crew: Crew, monkeypatch: pytest.MonkeyPatch):
    known = tag(crew)
    both, change = threading.Barrier(2, timeout=10), commands.change

    def slow(*args, **kwargs):
        both.wait()
        return change(*args, **kwargs)

    monkeypatch.setattr(commands, "change", slow)
    with ThreadPoolExecutor(2) as pool:
        bodies = [{"health": {"path": "/one"}}, {"health": {"path": "/two"}}]
        asked = [
            pool.submit(crew.ask, "owner", "PATCH", "{space}", body, headers={"If-Match": known}) for body in bodies
        ]
        refused = next(as_completed(asked, timeout=10)).result()
        # The one that got in waits for the other at the barrier; we take its place.
        both.wait()
        statuses = sorted(each.result().status_code for each in asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "change_in_progress")
    assert statuses == [200, 409]


def test_a_change_whose_replica_died_is_in_the_way_for_two_minutes_at_most(database, monkeypatch):
    with database.unit_of_work() as session:
        assert changes.begin(session, "/x")
    with database.unit_of_work() as session:
        assert changes.begin(session, "/x") is None
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    with database.unit_of_work() as session:
        run = changes.begin(session, "/x")
    assert run
    with database.unit_of_work() as session:
        changes.end(session, "/x", "run_of_the_dead_one")
        assert changes.begin(session, "/x") is None
        changes.end(session, "/x", run)
        assert changes.begin(session, "/x")


class TestFromElsewhere:
    ORIGIN = "https://dashboard.example.com"

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"cors_origins": self.ORIGIN}

    def test_an_allowed_origin_may_ask_and_read_the_headers_it_needs(self, crew: Crew):
        asked = crew.people["owner"].api.options(
            "/api/v1/spaces",
            headers={
                "Origin": self.ORIGIN,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, idempotency-key, if-match, last-event-id",
            },
        )
        assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (200, self.ORIGIN)
        answer = crew.ask("owner", "GET", "{space}", headers={"Origin": self.ORIGIN})
        assert answer.headers["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers

    def test_a_refusal_can_be_read_there_too(self, crew: Crew):
        answer = crew.ask("nobody", "GET", "{space}", headers={"Origin": self.ORIGIN})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, self.ORIGIN)

    @pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "https://dashboard.example.com.evil.org"])
    def test_any_other_origin_is_told_nothing(self, crew: Crew, origin: str):
        answer = crew.ask("owner", "GET", "{space}", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_the_setting_no_other_origin_may_read(crew: Crew):
    answer = crew.ask("owner", "GET", "{space}", headers={"Origin": "https://dashboard.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers
