"""Stopping and outrunning deployments, and Spaces that change under our hands."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

# A second, and what the request, the stream and a busy machine add.
AT_ONCE = 2.5


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


def canceled(person: Person, deployment: dict[str, Any]) -> dict[str, Any]:
    """The deployment, which has ended within a moment of being canceled."""
    began = time.monotonic()
    person.post(f"/deployments/{deployment['id']}/cancellation")
    ended = person.finished(deployment)
    assert time.monotonic() - began < AT_ONCE
    assert ended["status"] == "canceled"
    return ended


def begun(hub: LocalHub, repo_id: str) -> None:
    """Until the one fault of this Space has struck: the call that it delays is under way."""
    patience = time.monotonic() + 30
    while any(fault["space"] == repo_id for fault in hub.faults()):
        assert time.monotonic() < patience
        time.sleep(0.02)


def until_settled(person: Person, deployment: dict[str, Any], words: str) -> dict[str, Any]:
    patience = time.monotonic() + 30
    while words not in (found := person.get(f"/deployments/{deployment['id']}"))["reason"]:
        assert time.monotonic() < patience, found
        time.sleep(0.1)
    return dict(found)


CALLS = [
    ("GET", "/api/spaces/[^/]+/[^/]+$", "The Space was not touched."),
    ("GET", "/tree/", "The Space was not touched."),
    ("POST", "/preupload/", "A commit was on its way to the Space and may have arrived."),
    ("POST", "/commit/", "A commit was on its way to the Space and may have arrived."),
    ("GET", "/logs/build", "is on the Space, which goes on building or serving it."),
    ("GET", "/runtime", "is on the Space, which goes on building or serving it."),
]


@pytest.mark.parametrize(
    ("method", "path", "left"), CALLS, ids=[path.strip("/").split("/")[-1] for _, path, _ in CALLS]
)
def test_canceling_in_the_middle_of_a_call_to_the_hub_ends_within_a_moment_and_says_what_is_left(
    person: Person, hub: LocalHub, repo_id: str, method: str, path: str, left: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    hub.fault(space=repo_id, method=method, path=path, delay=6)
    deployment = person.deploy(repo_id)
    begun(hub, repo_id)
    assert canceled(person, deployment)["reason"].endswith(left)


def test_a_commit_that_arrives_after_its_deployment_was_canceled_is_told_and_is_no_drift(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    before = commits(hub, repo_id)
    hub.fault(space=repo_id, method="POST", path="/commit/", delay=3)
    deployment = person.deploy(repo_id)
    begun(hub, repo_id)
    assert canceled(person, deployment)["hub_sha"] is None
    assert commits(hub, repo_id) == before

    settled = until_settled(person, deployment, "is on the Space, which goes on building or serving it.")
    sha = hub.api().space_info(repo_id).sha or ""
    assert (settled["status"], settled["hub_sha"], settled["pushed"]) == ("canceled", sha, True)
    assert f"Commit {sha[:7]} is on the Space" in settled["reason"]
    assert "After the end it became known" in person.log(deployment)
    assert commits(hub, repo_id) == before + 1


def test_a_call_that_was_canceled_before_its_commit_was_sent_makes_none(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    before = commits(hub, repo_id)
    hub.fault(space=repo_id, method="POST", path="/preupload/", delay=2)
    deployment = person.deploy(repo_id)
    begun(hub, repo_id)
    canceled(person, deployment)
    until_settled(person, deployment, "The Space was not touched.")
    assert commits(hub, repo_id) == before


@pytest.mark.parametrize(("late", "later"), [(3, 6), (6, 0)], ids=["arrives first", "arrives second"])
def test_the_next_deployment_and_the_late_commit_of_a_canceled_one_do_not_mix(
    person: Person, hub: LocalHub, repo_id: str, late: int, later: int
) -> None:
    person.manage(repo_id, person.upload(apps.hello("first")))
    hub.fault(space=repo_id, method="POST", path="/commit/", delay=late)
    first = person.deploy(repo_id)
    begun(hub, repo_id)
    hub.fault(space=repo_id, method="POST", path="/commit/", delay=later)
    canceled(person, first)
    second = person.finished(person.deploy(repo_id, source=person.upload(apps.hello("second"))))

    assert second["status"] == "succeeded"
    left = "is on the Space" if later else "The Space was not touched."
    first = until_settled(person, first, left)
    history = hub.api().list_repo_commits(repo_id, repo_type="space")
    assert history[0].commit_id == second["hub_sha"]
    carried = [sum(each["id"] in commit.message for commit in history) for each in (first, second)]
    assert carried == [1 if later else 0, 1]


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
