"""A space's own Hub jobs around a deployment: tests before the push, a smoke test before it counts as live."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person, SpaceportServer

IMAGE = {"docker_image": "python:3.11"}
SMOKE_TEST = (
    "import os, urllib.request as u; body = u.urlopen(os.environ['SPACEPORT_URL']).read(); assert b'good' in body"
)
SLOW = "import time; print('begun', flush=True); time.sleep(60)"


def job(code: str, **wanted: Any) -> dict[str, Any]:
    return IMAGE | {"command": ["python", "-c", code]} | wanted


def page(text: str) -> dict[str, str]:
    return {"index.html": f"<p>{text}</p>"}


def commits(hub: LocalHub, repo_id: str) -> int:
    return len(hub.api().list_repo_commits(repo_id, repo_type="space"))


def jobs(hub: LocalHub, deployment: dict[str, Any]) -> list[Any]:
    return list(hub.api().list_jobs(labels={"spaceport-deployment": deployment["id"]}, namespace="local"))


def until_it_says(person: Person, deployment: dict[str, Any], line: str) -> None:
    for _, kind, data in person.events(deployment):
        if kind == "log" and data["line"] == line:
            return
    raise AssertionError(person.log(deployment))


def eventually(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What comes after a deployment's end."""
    deadline = time.monotonic() + 20
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def when_canceled(hub: LocalHub, deployment: dict[str, Any]) -> list[Any]:
    """The deployment's jobs on the Hub."""
    return eventually(lambda: jobs(hub, deployment), lambda found: {job.status.stage for job in found} == {"CANCELED"})


def when_recorded(person: Person, deployment: dict[str, Any]) -> dict[str, Any]:
    path = f"/deployments/{deployment['id']}"
    return eventually(lambda: person.get(path), lambda now: all(run["stage"] for run in now["release_jobs"].values()))


def test_both_phases_run_and_their_logs_belong_to_the_deployment(person: Person, hub: LocalHub, repo_id: str) -> None:
    tests = job("import os; print('testing', os.environ['SPACEPORT_REVISION'])")
    space = person.manage(
        repo_id, person.upload(page("good")), sdk="static", pre_deploy_job=tests, post_deploy_job=job(SMOKE_TEST)
    )
    assert space["pre_deploy_job"]["command"] == tests["command"]
    last = max((call["number"] for call in hub.calls()), default=0)
    deployment = person.finished(person.deploy(repo_id))
    assert (deployment["status"], deployment["release"]) == ("succeeded", 1), deployment
    assert f"testing {deployment['revision']}" in person.log(deployment, "pre-deploy")
    phases = deployment["release_jobs"]
    assert {phase: run["stage"] for phase, run in phases.items()} == {
        "pre-deploy": "COMPLETED",
        "post-deploy": "COMPLETED",
    }
    calls = [f"{call['method']} {call['path']}" for call in hub.calls(after=last)]
    asked = [call for call in calls if "/api/jobs/" in call]
    assert len(asked) == 6, asked
    pushed = next(number for number, call in enumerate(calls) if "/commit/" in call)
    before, after = (
        calls.index(f"GET /api/jobs/local/{phases[phase]['job_id']}") for phase in ("pre-deploy", "post-deploy")
    )
    assert before < pushed < after


def test_a_pre_deploy_job_that_fails_leaves_the_space_alone(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(
        repo_id,
        person.upload(page("good")),
        sdk="static",
        pre_deploy_job=job("print('2 tests failed'); raise SystemExit(1)"),
    )
    before = commits(hub, repo_id)
    deployment = person.finished(person.deploy(repo_id))
    assert (deployment["status"], deployment["reason_code"]) == ("failed", "pre_deploy_failed")
    assert "exit code: 1" in deployment["reason"]
    assert "The Space was not touched." in deployment["reason"]
    assert "2 tests failed" in person.log(deployment, "pre-deploy")
    assert commits(hub, repo_id) == before


def test_a_job_is_given_the_secrets_it_names_and_no_others(person: Person, hub: LocalHub, repo_id: str) -> None:
    reading = "import os; print(os.environ['DATABASE'][::-1], 'OTHER' in os.environ)"
    person.manage(repo_id, person.upload(page("good")), sdk="static", pre_deploy_job=job(reading, secrets=["DATABASE"]))
    without = person.finished(person.deploy(repo_id))
    assert (without["status"], without["reason_code"]) == ("failed", "pre_deploy_failed")
    assert "no secret DATABASE" in without["reason"]

    secrets = [{"key": "DATABASE", "value": "drowssap"}, {"key": "OTHER", "value": "x"}]
    person.post(f"/spaces/{repo_id}/secrets?apply=next_deployment", {"secrets": secrets})
    deployment = person.finished(person.deploy(repo_id))

    assert deployment["status"] == "succeeded", deployment
    assert "password False" in person.log(deployment, "pre-deploy")
    assert "drowssap" not in str(person.get(f"/spaces/{repo_id}")) + str(deployment)


def test_the_revision_that_was_tested_is_the_one_that_is_pushed(
    person: Person, hub: LocalHub, git: GitServer, repo_id: str
) -> None:
    repository = git.repo(repo_id.replace("/", "-"))
    tested = repository.commit(page("tested"))
    person.manage(
        repo_id,
        {"kind": "git", "url": git.url(repo_id.replace("/", "-")), "ref": "main"},
        sdk="static",
        pre_deploy_job=job("import time; print('begun', flush=True); time.sleep(1)"),
    )
    deployment = person.deploy(repo_id)
    until_it_says(person, deployment, "begun")
    repository.commit(page("pushed meanwhile"))
    ended = person.finished(deployment)
    assert (ended["status"], ended["revision"], ended["ref"]) == ("succeeded", tested, "refs/heads/main"), ended
    assert "tested" in httpx.get(ended["url"], trust_env=False).text
    kinds = [job["kind"] for job in person.get("/jobs", deployment_id=ended["id"])["items"]]
    assert kinds == ["health-check", "build", "push", "pre-deploy", "push"]


def test_a_smoke_test_that_fails_puts_the_last_good_release_back(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(page("good")), sdk="static", post_deploy_job=job(SMOKE_TEST))
    first = person.finished(person.deploy(repo_id))
    assert first["release"] == 1, first
    bad = person.finished(person.deploy(repo_id, source=person.upload(page("bad") | {"new.txt": "x"})))
    assert (bad["status"], bad["reason_code"], bad["release"]) == ("failed", "post_deploy_failed", None)
    assert "puts the last good release, v1, back" in bad["reason"]
    assert "not touched" not in bad["reason"]
    assert "AssertionError" in person.log(bad, "post-deploy")
    back = person.finished({"id": bad["rolled_back_by"]})
    assert (back["status"], back["trigger"], back["release"]) == ("succeeded", "rollback", 2), back
    assert back["source"]["revision"] == first["hub_sha"]
    assert "good" in httpx.get(back["url"], trust_env=False).text
    api = hub.api()
    trees = [
        {file.path: file.blob_id for file in api.list_repo_tree(repo_id, repo_type="space", revision=sha)}
        for sha in (first["hub_sha"], back["hub_sha"])
    ]
    assert trees[0] == trees[1]
    made = [commit.message for commit in api.list_repo_commits(repo_id, repo_type="space")]
    assert sum(back["id"] in message for message in made) == 1


def test_canceling_during_a_phase_cancels_its_job(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(page("good")), sdk="static", pre_deploy_job=job(SLOW))
    before = commits(hub, repo_id)
    deployment = person.deploy(repo_id)
    until_it_says(person, deployment, "begun")
    began = time.monotonic()
    person.post(f"/deployments/{deployment['id']}/cancellation")
    assert person.finished(deployment)["status"] == "canceled"
    assert time.monotonic() - began < 10
    [canceled] = when_canceled(hub, deployment)
    ended = when_recorded(person, deployment)
    assert canceled.status.stage == "CANCELED"
    assert (ended["status"], ended["release_jobs"]["pre-deploy"]["stage"]) == ("canceled", "CANCELED")
    assert ended["reason"] == (
        f"Canceled while pushing. The Space was not touched. Its pre-deploy job {canceled.id} ended as CANCELED."
    )
    assert commits(hub, repo_id) == before


def test_a_newer_deployment_that_takes_over_cancels_the_job_too(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(page("good")), sdk="static", post_deploy_job=job(SLOW))
    running = person.deploy(repo_id)
    until_it_says(person, running, "begun")
    assert person.http.patch(f"/spaces/{repo_id}", json={"post_deploy_job": None}).json()["post_deploy_job"] is None
    newer = person.finished(person.deploy(repo_id, if_busy="supersede_running"))
    ended = person.finished(running)
    assert (ended["status"], ended["superseded_by"]) == ("superseded", newer["id"])
    assert len(when_canceled(hub, running)) == 1
    assert (newer["status"], newer["release_jobs"]) == ("succeeded", {})


@pytest.fixture
def mortal(home: Path, hub: LocalHub) -> Iterator[SpaceportServer]:
    server = SpaceportServer(home / "mortal-phases", hub.url)
    yield server
    server.stop()


def test_a_kill_during_either_phase_delays_and_no_job_is_run_twice(
    mortal: SpaceportServer, hub: LocalHub, repo_id: str
) -> None:
    person = mortal.person()
    person.connect_hub()
    patient = job("import time\nfor n in range(50): print('line', n, flush=True); time.sleep(0.1)")
    names = {phase: f"{repo_id}-{phase}" for phase in ("pre-deploy", "post-deploy")}
    deployments = {}
    for phase, name in names.items():
        wanted = {f"{phase.replace('-', '_')}_job": patient}
        person.manage(name, person.upload(page("good")), sdk="static", **wanted)
        deployments[phase] = person.deploy(name)
    for deployment in deployments.values():
        until_it_says(person, deployment, "line 3")
    mortal.kill()
    mortal.start()
    for phase, deployment in deployments.items():
        ended = person.finished(deployment)
        assert (ended["status"], ended["release"]) == ("succeeded", 1), ended
        said = [line for line in person.log(ended, phase).splitlines() if line.startswith("line ")]
        assert said == [f"line {n}" for n in range(50)]
        assert len(jobs(hub, deployment)) == 1
        made = [commit.message for commit in hub.api().list_repo_commits(names[phase], repo_type="space")]
        assert sum(deployment["id"] in message for message in made) == 1
    person.http.close()
