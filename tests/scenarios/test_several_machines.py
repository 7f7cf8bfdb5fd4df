"""Two API replicas and two workers on one database: what happens when one of them dies, freezes or is told to stop."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.chaos.world import Program, World, world
from tests.scenarios import apps
from tests.spaceport_server import Person

TAKEOVER = 15.0


@pytest.fixture(scope="module")
def scene(home: Path) -> Iterator[World]:
    folder = home / "several"
    folder.mkdir(mode=0o755)
    with world(folder, workers=2, replicas=2) as made:
        yield made


@pytest.fixture(scope="module")
def user(scene: World) -> Iterator[Person]:
    somebody = Person(scene.replicas[0], "ada")
    somebody.connect_hub()
    yield somebody
    somebody.http.close()


def elsewhere(scene: World, user: Person) -> Person:
    """The same user at the other replica."""
    other = Person.__new__(Person)
    other.http = httpx.Client(
        base_url=f"{scene.replicas[1]}/api/v1", headers=user.http.headers, trust_env=False, timeout=30
    )
    return other


def slow_build(scene: World, user: Person, repo_id: str, seconds: float) -> dict[str, object]:
    """A deployment that is being built by one of the two workers."""
    user.manage(repo_id, user.upload(apps.hello()))
    scene.hub.fault(space=repo_id, build_delay=seconds)
    deployment = user.deploy(repo_id)
    user.until(deployment, "deployment.building")
    return deployment


def busy_worker(scene: World, deployment: dict[str, object]) -> tuple[Program, Program]:
    """The worker that said it works on the deployment, and the other one."""
    first, second = scene.workers
    return (first, second) if str(deployment["id"]) in first.output() else (second, first)


def test_work_goes_on_elsewhere_within_15_seconds_of_a_workers_death(scene: World, user: Person, repo_id: str) -> None:
    deployment = slow_build(scene, user, repo_id, seconds=4)
    victim, _ = busy_worker(scene, deployment)
    died = time.monotonic()
    victim.die()

    final = user.finished(deployment)

    assert final["status"] == "succeeded", final
    assert time.monotonic() - died < TAKEOVER + 10
    victim.start()


def test_a_frozen_worker_that_wakes_writes_nothing(scene: World, user: Person, repo_id: str) -> None:
    deployment = slow_build(scene, user, repo_id, seconds=3)
    victim, _ = busy_worker(scene, deployment)
    victim.freeze(60)

    final = user.finished(deployment)
    before = (final, user.log(deployment))
    victim.thaw(now=True)
    victim.wait_for("job.fenced", "job.left")

    assert final["status"] == "succeeded"
    assert (user.get(f"/deployments/{deployment['id']}"), user.log(deployment)) == before


def test_a_worker_frozen_in_the_middle_of_its_commit_makes_no_second_one_and_writes_nothing(
    scene: World, user: Person, repo_id: str
) -> None:
    """Its request arrives long after another worker has pushed: the Hub refuses it, because its parent is old."""
    user.manage(repo_id, user.upload(apps.hello()))
    scene.hub.fault(space=repo_id, method="POST", path="/commit/", delay=25)
    deployment = user.deploy(repo_id)
    patience = time.monotonic() + 30
    while any(fault["space"] == repo_id for fault in scene.hub.faults()):
        assert time.monotonic() < patience
        time.sleep(0.02)
    victim, _ = busy_worker(scene, deployment)
    victim.freeze(60)

    final = user.finished(deployment)
    before = (final, user.log(deployment))
    arrived = commit_answers(scene, repo_id, 2)
    victim.thaw(now=True)
    victim.wait_for("job.fenced", "job.left")

    assert final["status"] == "succeeded"
    assert arrived == [200, 412]
    history = scene.hub.api().list_repo_commits(repo_id, repo_type="space")
    assert [commit.commit_id for commit in history if str(deployment["id"]) in commit.message] == [final["hub_sha"]]
    assert (user.get(f"/deployments/{deployment['id']}"), user.log(deployment)) == before


def commit_answers(scene: World, repo_id: str, many: int) -> list[int]:
    patience = time.monotonic() + 40
    while len(calls := scene.hub.calls(method="POST", path=f"{repo_id}/commit/")) < many:
        assert time.monotonic() < patience, calls
        time.sleep(0.1)
    return [call["status"] for call in calls]


def test_a_worker_told_to_stop_hands_its_work_over(scene: World, user: Person, repo_id: str) -> None:
    deployment = slow_build(scene, user, repo_id, seconds=3)
    victim, _ = busy_worker(scene, deployment)

    asked = time.monotonic()
    victim.stop()
    stopped_within = time.monotonic() - asked
    final = user.finished(deployment)
    victim.start()

    assert stopped_within < 10
    assert final["status"] == "succeeded"
    assert len(scene.hub.api().list_repo_commits(repo_id, repo_type="space")) == 2


def test_a_deployment_is_followed_and_canceled_at_another_replica(scene: World, user: Person, repo_id: str) -> None:
    other = elsewhere(scene, user)
    deployment = slow_build(scene, user, repo_id, seconds=30)

    asked = time.monotonic()
    other.post(f"/deployments/{deployment['id']}/cancellation")
    final = other.finished(deployment)
    other.http.close()

    assert (final["status"], final["reason_code"]) == ("canceled", "canceled")
    assert "is on the Space" in final["reason"]
    assert time.monotonic() - asked < 5


def test_an_outage_of_the_database_answers_503_and_loses_nothing(scene: World, user: Person, repo_id: str) -> None:
    deployment = slow_build(scene, user, repo_id, seconds=3)
    scene.crash_database()

    answer = user.http.get("/me")
    unwell = httpx.get(f"{scene.replicas[0]}/health", trust_env=False)
    scene.postgres.start()
    deadline = time.monotonic() + 30
    while not user.http.get("/me").is_success and time.monotonic() < deadline:
        time.sleep(0.1)

    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert unwell.status_code == 503
    assert unwell.json()["parts"]["database"]["ok"] is False
    assert user.finished(deployment)["status"] == "succeeded"
