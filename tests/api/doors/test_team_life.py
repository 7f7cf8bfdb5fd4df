"""Renaming a team and deleting it, which nothing that it still manages outlives."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select
from tests.api.doors.conftest import ROLES, Crew
from tests.api.doors.setting import code

from spaceport.accounts.model import Membership
from spaceport.db.database import Database
from spaceport.hub_accounts.model import HubAccount
from spaceport.spaces import commands

TEAM = "/api/v1/teams/{team}"
DELETE = TEAM + "?confirm=engines"
PEOPLE = ("nobody", "stranger", *ROLES)


def statuses(crew: Crew, method: str, path: str, body: dict | None = None) -> list[int]:
    return [crew.ask(who, method, path, body).status_code for who in PEOPLE]


@pytest.fixture
def idle(crew: Crew) -> Crew:
    """A team that manages nothing any more."""
    crew.done("POST", "{space}/hooks")
    crew.done("DELETE", "{space}?confirm={repo_id}")
    return crew


def test_each_role_may_do_its_part(idle: Crew) -> None:
    assert statuses(idle, "GET", TEAM) == [401, 404, 200, 200, 200, 200]
    assert statuses(idle, "PATCH", TEAM, {"name": "Motors"}) == [401, 404, 403, 403, 200, 200]
    assert statuses(idle, "DELETE", DELETE) == [401, 404, 403, 403, 403, 204]


def test_a_renamed_team_keeps_its_slug_and_what_was_before_is_on_record(crew: Crew, events) -> None:
    known = crew.ask("admin", "GET", TEAM).headers["ETag"]
    renamed = crew.ask("admin", "PATCH", TEAM, {"name": " Ünits "}, headers={"If-Match": known})
    assert (renamed.json()["name"], renamed.json()["slug"], renamed.json()["role"]) == ("Ünits", "engines", "admin")
    assert crew.done("GET", TEAM)["name"] == "Ünits"
    late = crew.ask("admin", "PATCH", TEAM, {"name": "Late"}, headers={"If-Match": known})
    assert code(late) == (412, "precondition_failed")
    [event] = events("team.renamed")
    assert event == {"before": "Engines", "name": "Ünits", "actor": crew.people["admin"].id}


@pytest.mark.parametrize("wrong", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "a\0b"}, {"name": "a", "slug": "b"}])
def test_what_is_no_name_is_refused(crew: Crew, wrong: dict) -> None:
    assert code(crew.ask("owner", "PATCH", TEAM, wrong)) == (422, "request_invalid")


def test_a_team_that_manages_a_space_says_which_and_stays(crew: Crew) -> None:
    answer = crew.ask("owner", "DELETE", DELETE)
    assert code(answer) == (409, "team_has_spaces")
    assert answer.json()["spaces"] == [crew.repo_id]
    assert crew.repo_id in answer.json()["detail"]
    assert crew.ask("viewer", "GET", "{space}").status_code == 200


def test_deleting_needs_the_slug_and_a_personal_team_stays(idle: Crew) -> None:
    for given in ("", "?confirm=Engines"):
        answer = idle.ask("owner", "DELETE", TEAM + given)
        assert code(answer) == (422, "confirmation_needed")
        assert "confirm=engines" in answer.json()["fix"]
    own = idle.people["owner"].personal_team_id
    assert code(idle.ask("owner", "DELETE", f"/api/v1/teams/{own}?confirm=owner")) == (409, "team_is_personal")


def test_a_deleted_team_is_nobodys_and_holds_nothing_that_opens_anything(
    idle: Crew, events, database: Database
) -> None:
    assert idle.ask("owner", "DELETE", DELETE).status_code == 204
    assert statuses(idle, "GET", TEAM) == [401] + [404] * 5
    assert idle.team_id not in idle.ask("viewer", "GET", "/api/v1/teams").text
    with database.unit_of_work() as session:
        assert session.exec(select(HubAccount.sealed_token)).all() == [None]
        assert session.exec(select(Membership).where(Membership.team_id == idle.team_id)).all() == []
    assert len(events("hook.deleted")) == 1
    [event] = events("team.deleted")
    assert event == {"team": idle.team_id, "name": "Engines", "actor": idle.people["owner"].id}
    own = idle.people["owner"].personal_team_id
    listed = idle.done("GET", f"/api/v1/teams/{own}/activity")["items"]
    assert "team.deleted" in [each["kind"] for each in listed]
    again = idle.done("POST", "/api/v1/teams", {"name": "Engines"})
    assert again["slug"] == "engines"


def test_a_space_comes_too_late_when_the_team_was_deleted_meanwhile(
    idle: Crew, late: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = commands.settle

    def slow(admission, wanted):
        """The Hub has made it; before it is written here, the team is deleted."""
        assert idle.ask("owner", "DELETE", DELETE).status_code == 204
        return settle(admission, wanted)

    monkeypatch.setattr(commands, "settle", slow)
    assert code(idle.ask("admin", "POST", "/api/v1/spaces", late)) == (404, "team_not_found")


def test_a_space_that_is_being_added_is_waited_for_and_keeps_the_team(
    idle: Crew, late: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    adding, go = threading.Event(), threading.Event()
    write = commands.write_address

    def slow(session, space):
        adding.set()
        assert go.wait(10)
        write(session, space)

    monkeypatch.setattr(commands, "write_address", slow)
    with ThreadPoolExecutor(2) as pool:
        added = pool.submit(idle.ask, "admin", "POST", "/api/v1/spaces", late)
        assert adding.wait(10)
        deleted = pool.submit(idle.ask, "owner", "DELETE", DELETE)
        with pytest.raises(TimeoutError):
            deleted.result(timeout=0.5)
        go.set()
        assert added.result(10).status_code == 201
        assert code(deleted.result(10)) == (409, "team_has_spaces")


@pytest.fixture
def late(idle: Crew) -> dict[str, str]:
    """A Space for the team that is about to be deleted."""
    return {"owner": "local", "name": f"{idle.name}-late", "sdk": "static", "hub_account_id": idle.ids["account"]}
