"""A Space's condition, its log and its app through the REST door."""

import threading
import time

import httpx
import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.test_spaces import code
from tests.localhub import spaces
from tests.localhub_server import LocalHub

from spaceport import clock
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.runtime import waiting
from spaceport.spaces.model import Space


def calls(hub: LocalHub, after: int) -> list[str]:
    return [f"{call['method']} {call['path'].rpartition('/')[2]}" for call in hub.calls(after=after)]


def test_reading_is_cheap_until_it_is_asked_to_be_fresh(crew: Crew, hub: LocalHub) -> None:
    first = crew.done("GET", "{space}/runtime")
    last = hub.calls()[-1]["number"]
    again = crew.ask("viewer", "GET", "{space}/runtime").json()
    assert calls(hub, last) == []
    assert again["observed_at"] == first["observed_at"]
    assert again["age_seconds"] >= first["age_seconds"] >= 0
    fresh = crew.done("GET", "{space}/runtime?fresh=true")
    assert calls(hub, last) == [f"GET {crew.name}"]
    assert fresh["observed_at"] > first["observed_at"]
    assert (fresh["stage"], fresh["hardware"], fresh["replicas"]) == ("RUNNING", None, {"current": 1, "requested": 1})


def test_the_served_commit_is_ours_when_a_deployment_of_ours_made_it(
    crew: Crew, hub: LocalHub, database: Database
) -> None:
    served = crew.done("GET", "{space}/runtime?fresh=true")["served"]
    sha = hub.api().space_info(crew.repo_id).sha
    assert served == {"sha": sha, "ours": False, "deployment_id": None, "release": None}
    with database.unit_of_work() as session:
        team = {"team_id": crew.team_id, "space_id": crew.ids["space_id"]}
        deployment = Deployment(
            **team,
            number=1,
            status=Status.SUCCEEDED,
            trigger="api",
            initiator_type=InitiatorType.USER,
            initiator_id="usr",
            source={},
            hub_sha=sha,
            finished_at=clock.now(),
        )
        session.add(deployment)
        session.flush()
        release = {"deployment_id": deployment.id, "number": 7, "hub_sha": sha, "revision": "r", "configuration": {}}
        session.add(Release(**team, **release))
    served = crew.done("GET", "{space}/runtime")["served"]
    assert served == {"sha": sha, "ours": True, "deployment_id": deployment.id, "release": 7}


@pytest.mark.parametrize(
    ("stage", "word"), [("READY", "works"), ("PENDING", "wait"), ("MISCONFIGURED", "elsewhere"), ("NEW", "not say")]
)
def test_a_custom_domain_has_its_status_in_words_and_the_record_to_set(
    crew: Crew, hub: LocalHub, stage: str, word: str
) -> None:
    hub.custom_domain(crew.repo_id, "app.example.com", stage)
    own, custom = crew.done("GET", "{space}/runtime?fresh=true")["domains"]
    assert (own["custom"], own["record"]) == (False, None)
    assert (custom["domain"], custom["stage"]) == ("app.example.com", stage)
    assert custom["record"] == {"type": "CNAME", "name": "app.example.com", "value": "hf.space"}
    assert word in custom["meaning"]


def test_a_space_that_is_not_there_any_more_is_said(crew: Crew, hub: LocalHub) -> None:
    hub.api().delete_repo(crew.repo_id, repo_type="space")
    assert code(crew.ask("owner", "GET", "{space}/runtime?fresh=true")) == (404, "hub_not_found")
    assert code(crew.ask("owner", "GET", "{space}/runtime?wait_for=running")) == (404, "hub_not_found")


def test_waiting_ends_as_soon_as_the_stage_is_seen(crew: Crew, docker: str, hub: LocalHub) -> None:
    repo_id = docker.removeprefix("/api/v1/spaces/")
    # Seen by somebody else, so that the Hub need not be asked.
    act = threading.Timer(0.5, lambda: crew.ask("deployer", "POST", f"{docker}/pause"))
    act.start()
    seen = crew.ask("viewer", "GET", f"{docker}/runtime?wait_for=paused&timeout=20")
    act.join()
    assert seen.json()["stage"] == "PAUSED"
    assert hub.runtime(repo_id)["stage"] == "PAUSED"


def test_waiting_in_vain_is_refused_with_what_was_seen_last(crew: Crew) -> None:
    answer = crew.ask("viewer", "GET", "{space}/runtime?wait_for=paused&timeout=0.3")
    assert code(answer) == (409, "stage_not_reached")
    assert answer.json()["stage"] in ("RUNNING", None)


def test_running_is_not_enough_when_a_commit_is_named(crew: Crew, hub: LocalHub) -> None:
    sha = hub.api().space_info(crew.repo_id).sha
    assert crew.done("GET", f"{{space}}/runtime?wait_for=running&sha={sha[:10]}&timeout=20")["served"]["sha"] == sha
    other = crew.ask("owner", "GET", f"{{space}}/runtime?wait_for=running&sha={'9' * 40}&timeout=0.3")
    assert (other.status_code, other.json()["sha"]) == (409, sha)
    assert code(crew.ask("owner", "GET", f"{{space}}/runtime?sha={sha}")) == (422, "sha_without_wait_for")


def test_a_stage_that_only_an_act_ends_is_not_waited_out(
    crew: Crew,
    docker: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "STANDS_AFTER", clock.now() - clock.now())
    crew.done("POST", f"{docker}/pause")
    answer = crew.ask("owner", "GET", f"{docker}/runtime?wait_for=running&timeout=30")
    assert code(answer) == (409, "stage_stands")
    assert answer.json()["stage"] == "PAUSED"


def test_what_the_hub_says_went_wrong_is_told(
    crew: Crew, docker: str, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo_id = docker.removeprefix("/api/v1/spaces/")
    spaces.push(hub.api(), repo_id, Dockerfile="FROM python:3.11\nRUN exit 3\n")
    said = hub.wait(repo_id, "BUILD_ERROR")["errorMessage"]
    assert "3" in said
    shown = crew.done("GET", f"{docker}/runtime?fresh=true")
    assert (shown["stage"], shown["error"]) == ("BUILD_ERROR", said)
    monkeypatch.setattr(waiting, "STANDS_AFTER", clock.now() - clock.now())
    answer = crew.ask("viewer", "GET", f"{docker}/runtime?wait_for=running&timeout=30")
    assert code(answer) == (409, "stage_stands")
    assert said in answer.json()["detail"]


def test_the_newest_lines_of_a_log(crew: Crew, hub: LocalHub) -> None:
    whole = crew.ask("viewer", "GET", "{space}/logs?kind=build").json()["items"]
    assert "Build Queued" in whole[0]["line"]
    newest = crew.ask("viewer", "GET", "{space}/logs?kind=build&lines=1").json()["items"]
    assert newest == whole[-1:]
    assert crew.done("GET", "{space}/logs") == {"kind": "run", "items": []}
    hub.fault(path="/logs/", status=503, message="later")
    assert code(crew.ask("viewer", "GET", "{space}/logs")) == (502, "hub_unavailable")


def test_a_live_log_ends_with_the_build_and_is_not_asked_for_twice(crew: Crew, hub: LocalHub) -> None:
    stream = crew.ask("viewer", "GET", "{space}/logs/stream?kind=build")
    assert stream.headers["content-type"].startswith("text/event-stream")
    ids = [line[4:] for line in stream.text.splitlines() if line.startswith("id: ")]
    assert ids[-1].endswith(".end")
    last = hub.calls()[-1]["number"]
    viewer = crew.people["viewer"]
    path = f"{crew.space}/logs/stream?kind=build"
    again = viewer.api.get(path, headers=viewer.headers | {"Last-Event-ID": ids[-1]})
    assert (again.status_code, hub.calls(after=last)) == (204, [])
    resumed = viewer.api.get(path, headers=viewer.headers | {"Last-Event-ID": ids[0]}).text
    assert f"id: {ids[0]}\n" not in resumed
    assert f"id: {ids[1]}\n" in resumed


@pytest.fixture
def settings() -> dict:
    return {"egress_allowed_hosts": "127.0.0.1"}


def test_a_private_app_is_asked_with_a_token_for_this_space_alone(crew: Crew, hub: LocalHub) -> None:
    last = hub.calls()[-1]["number"]
    answer = crew.ask("deployer", "GET", "{space}/app?path=/README.md")
    shown = answer.json()
    assert (shown["status"], shown["private"]) == (200, True), shown
    assert "sdk: static" in shown["body"]
    assert "jwt" in [call["path"].rpartition("/")[2] for call in hub.calls(after=last)]
    assert answer.headers["cache-control"] == "no-store"
    assert hub.token not in answer.text
    assert httpx.get(shown["url"], trust_env=False).status_code == 404


@pytest.mark.parametrize("path", ["README.md", "//evil.example/", "/a b", "/a\\b"])
def test_the_app_is_asked_for_paths_of_its_own_alone(crew: Crew, path: str) -> None:
    answer = crew.people["deployer"].api.get(
        f"{crew.space}/app", params={"path": path}, headers=crew.people["deployer"].headers
    )
    assert code(answer) == (422, "request_invalid")


def test_an_app_that_does_not_answer_is_said(crew: Crew, database: Database) -> None:
    with database.unit_of_work() as session:
        session.get_one(Space, crew.ids["space_id"]).host = "http://127.0.0.1:1"
    began = time.monotonic()
    assert code(crew.ask("deployer", "GET", "{space}/app")) == (502, "app_not_reached")
    assert time.monotonic() - began < 10
