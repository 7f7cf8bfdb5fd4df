"""Pausing, restarting, moving and deleting through the REST door, with a real Hub that may refuse."""

import pytest
from sqlmodel import select
from tests.api.doors.conftest import Crew
from tests.api.doors.test_spaces import code
from tests.localhub_server import LocalHub

from spaceport.db.database import Database
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.hub import Hub
from spaceport.spaces.model import Space


def test_a_paused_space_is_paused_says_what_is_lost_and_is_started_again(
    crew: Crew, docker: str, hub: LocalHub, events
) -> None:
    paused = crew.ask("deployer", "POST", f"{docker}/pause").json()
    assert paused["runtime"]["stage"] == "PAUSED"
    assert "volume" in paused["hint"]
    assert hub.runtime(docker.removeprefix("/api/v1/spaces/"))["stage"] == "PAUSED"
    observed = crew.ask("viewer", "GET", f"{docker}/runtime").json()
    assert (observed["stage"], observed["observed_at"]) == ("PAUSED", paused["runtime"]["observed_at"])
    again = crew.ask("deployer", "POST", f"{docker}/restart", {"factory_reboot": True}).json()
    assert (again["runtime"]["stage"], again["hint"]) == ("BUILDING", paused["hint"])
    assert "factory=true" in hub.calls(path=f"{docker.removeprefix('/api/v1/')}/restart")[-1]["query"]
    assert [event["actor"] for event in events("space.paused")] == [crew.people["deployer"].id]
    assert [event["factory_reboot"] for event in events("space.restarted")] == [True]


def test_a_pause_cancels_what_is_under_way_and_names_it(crew: Crew, docker: str) -> None:
    waiting = crew.done("POST", f"{docker}/deployments")
    paused = crew.ask("deployer", "POST", f"{docker}/pause").json()
    assert paused["canceled_deployments"] == [waiting["id"]]
    assert crew.done("GET", f"/api/v1/deployments/{waiting['id']}")["status"] == "canceled"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "{space}/restart", None),
        ("PATCH", "{space}", {"name": "elsewhere"}),
        ("PATCH", "{space}", {"visibility": "public"}),
        ("DELETE", "{space}?confirm={repo_id}&on_hub=true", None),
    ],
)
def test_what_would_pull_the_space_from_under_a_deployment_is_refused_and_names_it(
    crew: Crew, hub: LocalHub, method: str, path: str, body: dict | None
) -> None:
    deployment = crew.done("POST", "{space}/deployments")
    last = hub.calls()[-1]["number"]
    answer = crew.ask("owner", method, path, body)
    assert code(answer) == (409, "space_busy")
    assert answer.json()["deployment_id"] == deployment["id"]
    assert hub.calls(after=last) == []


def test_what_the_hub_refuses_to_pause_or_restart_is_said_in_its_own_words(crew: Crew) -> None:
    for verb in ("pause", "restart"):
        answer = crew.ask("owner", "POST", f"{{space}}/{verb}")
        assert code(answer) == (422, "hub_refused")
        assert "This is not available for static Spaces" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("status", "answered"),
    [(400, 422), (401, 502), (402, 402), (403, 403), (404, 404), (409, 409), (429, 429), (503, 502)],
)
def test_each_refusal_of_the_hub_has_a_fitting_status_and_its_sentence(
    crew: Crew, docker: str, hub: LocalHub, status: int, answered: int
) -> None:
    hub.fault(path="/pause", status=status, message="because of the moon", count=None)
    answer = crew.ask("owner", "POST", f"{docker}/pause")
    hub.clear_faults()
    assert answer.status_code == answered
    assert "because of the moon" in answer.json()["detail"]
    assert answer.json()["fix"]


def test_a_moved_space_answers_at_its_new_address_and_the_old_one_says_where_it_went(
    crew: Crew, hub: LocalHub, database: Database, events
) -> None:
    deployment = crew.done("POST", "{space}/deployments")
    crew.done("POST", f"/api/v1/deployments/{deployment['id']}/cancellation")
    new = f"{crew.name}-moved"
    moved = crew.done("PATCH", "{space}", {"owner": "acme", "name": new})
    assert (moved["owner"], moved["name"]) == ("acme", new)
    assert moved["host"] == hub.api().space_info(f"acme/{new}").host
    old = crew.ask("viewer", "GET", "{space}")
    assert code(old) == (404, "space_moved")
    assert old.json()["moved_to"] == f"acme/{new}"
    assert code(crew.ask("stranger", "GET", "{space}")) == (404, "space_not_found")
    assert crew.done("GET", f"/api/v1/deployments/{deployment['id']}")["space"] == f"acme/{new}"
    assert crew.done("GET", f"/api/v1/spaces/acme/{new}/deployments")["items"][0]["id"] == deployment["id"]
    assert [event["moved_from"] for event in events("space.moved")] == [crew.repo_id]
    crew.done("PATCH", f"/api/v1/spaces/acme/{new}", {"owner": "local", "name": crew.name})
    assert crew.done("GET", "{space}")["name"] == crew.name


def test_a_move_goes_alone_and_not_to_an_address_that_is_taken(crew: Crew, docker: str, hub: LocalHub) -> None:
    last = hub.calls()[-1]["number"]
    both = {"name": "elsewhere", "visibility": "public"}
    assert code(crew.ask("owner", "PATCH", "{space}", both)) == (422, "move_alone")
    taken = {"name": docker.rpartition("/")[2]}
    assert code(crew.ask("owner", "PATCH", "{space}", taken)) == (409, "space_taken")
    assert hub.calls(after=last) == []
    hub.api().create_repo(f"local/{crew.name}-x", repo_type="space", space_sdk="static")
    answer = crew.ask("owner", "PATCH", "{space}", {"name": f"{crew.name}-x"})
    assert code(answer) == (409, "hub_conflict")
    assert crew.done("GET", "{space}")["name"] == crew.name


def test_deleting_needs_the_address_as_a_confirmation(crew: Crew, hub: LocalHub) -> None:
    for given in ("", "?confirm=yes", "?confirm=local/other"):
        answer = crew.ask("owner", "DELETE", "{space}" + given)
        assert code(answer) == (422, "confirmation_needed")
        assert crew.repo_id in answer.json()["fix"]
    assert hub.api().repo_exists(crew.repo_id, repo_type="space")


def test_a_deletion_that_the_hub_refuses_loses_nothing(crew: Crew, hub: LocalHub) -> None:
    hub.fault(path="/repos/delete", status=403, message="no")
    answer = crew.ask("owner", "DELETE", "{space}?confirm={repo_id}&on_hub=true")
    assert code(answer) == (403, "hub_forbidden")
    assert crew.done("GET", "{space}")["id"] == crew.ids["space_id"]
    assert hub.api().repo_exists(crew.repo_id, repo_type="space")


def test_a_deletion_whose_answer_was_lost_is_finished_by_the_same_request_and_not_lied_about(
    crew: Crew, hub: LocalHub, events
) -> None:
    path = "{space}?confirm={repo_id}&on_hub=true"
    hub.fault(path="/repos/delete", drop="after")
    assert code(crew.ask("owner", "DELETE", path)) == (502, "hub_unavailable")
    assert crew.ask("owner", "GET", "{space}").status_code == 200
    assert crew.done("DELETE", path)["on_hub"] == "not_found"
    assert crew.ask("owner", "GET", "{space}").status_code == 404
    assert [event["on_hub"] for event in events("space.deleted")] == ["not_found"]


def test_a_deployment_asked_for_while_the_hub_deletes_ends_with_the_space(
    crew: Crew, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(_hub: Hub, _repo_id: str) -> bool:
        crew.done("POST", "{space}/deployments")
        return True

    monkeypatch.setattr(Hub, "delete", meanwhile)
    crew.done("DELETE", "{space}?confirm={repo_id}&on_hub=true")
    with database.unit_of_work() as session:
        assert session.exec(select(Deployment.status)).all() == [Status.CANCELED]


def test_a_new_visibility_reaches_the_hub_and_the_address_is_looked_up_again(
    crew: Crew, hub: LocalHub, database: Database, events
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Space, crew.ids["space_id"]).host = "http://old.example"
    changed = crew.done("PATCH", "{space}", {"visibility": "public"})
    assert (changed["visibility"], changed["host"]) == ("public", hub.api().space_info(crew.repo_id).host)
    assert [(event["before"], event["visibility"]) for event in events("space.visibility_changed")] == [
        ("private", "public")
    ]
