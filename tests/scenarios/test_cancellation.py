"""Stopping and outrunning deployments, and Spaces that change under our hands."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

AT_ONCE = 10.0


@pytest.fixture
def slow_build(person: Person, hub: LocalHub, repo_id: str) -> Callable[[], dict[str, Any]]:
    def begin() -> dict[str, Any]:
        hub.fault(space=repo_id, build_delay=3)
        deployment = person.deploy(repo_id)
        person.until(deployment, "deployment.building")
        return deployment

    person.manage(repo_id, person.upload(apps.hello()))
    return begin


def commits(hub: LocalHub, repo_id: str) -> int:
    return len(hub.api().list_repo_commits(repo_id, repo_type="space"))


def test_a_canceled_build_says_what_it_leaves_and_the_next_deployment_begins(
    person: Person, slow_build: Callable[[], dict[str, Any]], repo_id: str
) -> None:
    running = slow_build()
    waiting = person.deploy(repo_id, if_busy="wait")
    person.post(f"/deployments/{running['id']}/cancellation")
    ended = person.finished(running)
    assert (ended["status"], ended["reason_code"]) == ("canceled", "canceled")
    assert f"Commit {ended['hub_sha'][:7]} is on the Space" in ended["reason"]
    assert person.finished(waiting)["status"] == "succeeded"


def test_a_newer_deployment_takes_over_a_running_one_when_told_to(
    person: Person, slow_build: Callable[[], dict[str, Any]], repo_id: str
) -> None:
    running = slow_build()
    newer = person.deploy(repo_id, source=person.upload(apps.hello("newer")), if_busy="supersede_running")
    ended = person.finished(running)
    assert (ended["status"], ended["superseded_by"]) == ("superseded", newer["id"])
    assert person.finished(newer)["status"] == "succeeded"


def test_canceling_a_fetch_that_hangs_ends_at_once_and_leaves_the_space_alone(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    with GitServer(hang=True) as hanging:
        person.manage(repo_id, {"kind": "git", "url": hanging.url("never")})
        before = commits(hub, repo_id)
        deployment = person.deploy(repo_id)
        assert hanging.asked.wait(20)
        began = time.monotonic()
        person.post(f"/deployments/{deployment['id']}/cancellation")
        ended = person.finished(deployment)
    assert time.monotonic() - began < AT_ONCE
    assert (ended["status"], ended["reason"]) == ("canceled", "Canceled while pushing. The Space was not touched.")
    assert commits(hub, repo_id) == before


def test_canceling_in_the_middle_of_a_commit_tells_of_the_commit(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    before = commits(hub, repo_id)
    hub.fault(space=repo_id, method="POST", path="/commit/", delay=2)
    deployment = person.deploy(repo_id)
    for _, kind, data in person.events(deployment):
        if kind == "log" and "Pushing" in data["line"]:
            person.post(f"/deployments/{deployment['id']}/cancellation")
            break
    ended = person.finished(deployment)
    assert ended["status"] == "canceled"
    assert commits(hub, repo_id) == before + 1
    sha = hub.api().space_info(repo_id).sha or ""
    assert f"Commit {sha[:7]} is on the Space" in ended["reason"]


@pytest.mark.parametrize(
    ("stage", "sha", "code"), [("PAUSED", "", "not_served"), ("RUNNING", "9" * 40, "replaced")], ids=["paused", "other"]
)
def test_a_healthy_answer_is_not_enough_when_the_hub_serves_something_else(
    person: Person, hub: LocalHub, repo_id: str, stage: str, sha: str, code: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello()), health={"successes": 5, "interval": 0.3})
    deployment = person.deploy(repo_id)
    person.until(deployment, "deployment.verifying")
    hub.fault(space=repo_id, stuck_stage=stage, stuck_sha=sha, count=None)
    ended = person.finished(deployment)
    assert (ended["status"], ended["reason_code"], ended["release"]) == ("failed", code, None)


def test_a_commit_whose_answer_was_lost_is_recognised_and_not_made_twice(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    before = commits(hub, repo_id)
    hub.fault(space=repo_id, method="POST", path="/commit/", drop="after", count=1)
    assert person.finished(person.deploy(repo_id))["status"] == "succeeded"
    assert commits(hub, repo_id) == before + 1


def test_a_hub_that_is_busy_and_cuts_its_streams_only_delays(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    hub.fault(space=repo_id, path="/logs/build", cut_after=3)
    hub.fault(space=repo_id, path="/runtime", status=429, headers={"Retry-After": "1"})
    deployment = person.finished(person.deploy(repo_id))
    assert deployment["status"] == "succeeded", deployment
    built = [line for line in person.log(deployment, "build").splitlines() if line]
    assert built == [line for line in hub.logs(repo_id).splitlines() if line]
