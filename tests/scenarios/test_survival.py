"""SIGKILL at everything at once: what was committed is there, what was under way ends well, and once."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person, SpaceportServer


@pytest.fixture
def mortal(home: Path, hub: LocalHub) -> Iterator[SpaceportServer]:
    """A server of this test's own; its database dies with it."""
    server = SpaceportServer(home / "mortal", hub.url)
    yield server
    hub.clear_faults()
    server.stop()


def log_lines(person: Person, deployment: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = person.get(f"/deployments/{deployment['id']}/logs", limit=5000)["items"]
    return lines


def test_deployments_survive_a_kill_during_push_build_and_verification(
    mortal: SpaceportServer, hub: LocalHub, repo_id: str
) -> None:
    person = mortal.person()
    person.connect_hub()
    names = {step: f"{repo_id}-{step}" for step in ("pushing", "building", "verifying")}
    for step, name in names.items():
        patient = {"successes": 20, "interval": 0.4, "within": 60} if step == "verifying" else {}
        person.manage(name, person.upload(apps.hello(step)), health=patient)
    hub.fault(space=names["building"], build_delay=20)
    hub.fault(space=names["pushing"], method="POST", path="/commit/", delay=4)
    deployments = {step: person.deploy(names[step]) for step in reversed(names)}
    for step, deployment in deployments.items():
        person.until(deployment, f"deployment.{step}")
    before = {step: log_lines(person, deployment) for step, deployment in deployments.items()}

    mortal.kill()
    mortal.start()

    for step, deployment in deployments.items():
        ended = person.finished(deployment)
        assert (ended["status"], ended["release"]) == ("succeeded", 1), (step, ended, person.log(ended))
        commits = hub.api().list_repo_commits(names[step], repo_type="space")
        assert sum(deployment["id"] in commit.message for commit in commits) == 1, step
        lines = log_lines(person, deployment)
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert lines[: len(before[step])] == before[step]
        # The Hub's own lines may end in several line breaks; what stands in them is what counts.
        built = [line["line"] for line in lines if line["step"] == "build" and line["line"]]
        assert built == [line for line in hub.logs(names[step]).splitlines() if line]
        jobs = person.get("/jobs", deployment_id=deployment["id"])["items"]
        assert [job["status"]["stage"] for job in jobs] == ["COMPLETED"] * 3
        kinds = [kind for _, kind, _ in person.events(deployment)]
        assert kinds.count("deployment.succeeded") == 1
    person.http.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_deployment_survives_the_embedded_database_under_it(
    mortal: SpaceportServer, hub: LocalHub, repo_id: str, number: signal.Signals
) -> None:
    person = mortal.person()
    person.connect_hub()
    person.manage(repo_id, person.upload(apps.hello()))
    hub.fault(space=repo_id, build_delay=4)
    deployment = person.deploy(repo_id)
    person.until(deployment, "deployment.building")
    postmaster = psutil.Process(int(next(mortal.folder.rglob("postmaster.pid")).read_text().split()[0]))
    everyone = [postmaster, *postmaster.children()]

    postmaster.send_signal(number)
    if number == signal.SIGSTOP:
        for process in everyone:
            process.suspend()
        # Longer than a worker may be silent.
        threading.Timer(10, lambda: [process.resume() for process in everyone]).start()

    until = time.monotonic() + 60
    while (ended := status(person, deployment)) not in ("succeeded", "failed") and time.monotonic() < until:
        time.sleep(0.2)
    assert ended == "succeeded"
    history = hub.api().list_repo_commits(repo_id, repo_type="space")
    assert sum(deployment["id"] in commit.message for commit in history) == 1
    person.http.close()


def status(person: Person, deployment: dict[str, Any]) -> str:
    """Empty while there is no database to ask."""
    answer = person.http.get(f"/deployments/{deployment['id']}")
    assert answer.status_code in (200, 503), answer.text
    return str(answer.json().get("status", "")) if answer.is_success else ""
