"""What the real programs do when nobody tells them: keep to the quota, follow a branch, notice a change."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person, SpaceportServer

TIMEOUT = 30
QUOTA = 15


def until(look: Callable[[], Any]) -> Any:
    """The first truthy answer."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return found


@pytest.fixture
def strict_hub(home: Path) -> Iterator[LocalHub]:
    """Allows 15 calls in ten seconds: enough to manage three Spaces, not to deploy them."""
    server = LocalHub(home / "strict-hub", "--api-quota", str(QUOTA), "--rate-window", "10")
    yield server
    server.stop()


def test_deployments_wait_for_the_quota_without_asking_and_go_live(home: Path, strict_hub: LocalHub) -> None:
    server = SpaceportServer(home / "strict", strict_hub.url)
    person = server.person()
    try:
        account = person.connect_hub()
        repo_ids = [f"local/strict-{number}" for number in range(3)]
        for repo_id in repo_ids:
            person.manage(repo_id, person.upload({"index.html": f"<p>{repo_id}"}), sdk="static")

        finished = [person.finished(deployment) for deployment in [person.deploy(repo_id) for repo_id in repo_ids]]

        assert [deployment["status"] for deployment in finished] == ["succeeded"] * 3, finished
        assert any("quota" in person.log(deployment) for deployment in finished)
        refused = [call for call in strict_hub.calls() if call["status"] == 429]
        assert len(refused) <= 2, "it asked again and again although it knew"
        budget = person.get(f"/hub-accounts/{account['id']}")["budget"]
        assert (budget["quota"], budget["used"] + budget["remaining"]) == (QUOTA, QUOTA)
    finally:
        person.http.close()
        server.stop()


def test_a_space_that_follows_a_branch_is_deployed_although_nobody_asked(
    person: Person, git: GitServer, repo_id: str
) -> None:
    name = repo_id.replace("/", "-")
    head = git.repo(name).commit({"index.html": "<p>followed"})
    source = {"kind": "git", "url": git.url(name), "ref": "main"}
    space = person.manage(repo_id, source, sdk="static", auto_deploy=True)
    assert space["auto_deploy"]

    [deployment] = until(lambda: person.get(f"/spaces/{repo_id}/deployments")["items"])

    deployment = person.finished(deployment)
    assert (deployment["status"], deployment["trigger"], deployment["revision"]) == ("succeeded", "reconcile", head)


def test_a_space_is_looked_at_by_itself_and_has_not_drifted(home: Path, hub: LocalHub, repo_id: str) -> None:
    server = SpaceportServer(home / "looking", hub.url)
    person = server.person()
    try:
        person.connect_hub()
        person.manage(repo_id, sdk="static")

        drift = until(lambda: (found := person.get(f"/spaces/{repo_id}/drift"))["observed_at"] and found)

        assert (drift["drifted"], drift["since"], drift["differences"]) == (False, None, [])
    finally:
        person.http.close()
        server.stop()
