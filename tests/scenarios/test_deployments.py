"""What a deployment ends in, end to end: from Git and from an upload, to the running app or to the reason why not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

Source = Callable[[apps.Files], dict[str, Any]]


@pytest.fixture(params=["git", "upload"])
def source(request: pytest.FixtureRequest, git: GitServer, person: Person, repo_id: str) -> Source:
    """The files as a source of either kind."""

    def from_git(files: apps.Files) -> dict[str, Any]:
        name = repo_id.replace("/", "-")
        git.repo(name).commit(files, message="First version\n\nWith a body.")
        return {"kind": "git", "url": git.url(name), "ref": "main"}

    return from_git if request.param == "git" else person.upload


def test_a_fastapi_app_goes_live(person: Person, source: Source, repo_id: str) -> None:
    person.manage(repo_id, source(apps.example("hello-fastapi")), health={"path": "/health"})

    deployment = person.finished(person.deploy(repo_id))

    assert (deployment["status"], deployment["reason_code"]) == ("succeeded", "live"), person.log(deployment)
    assert deployment["release"] == 1
    assert httpx.get(deployment["url"], trust_env=False).json() == {"hello": repo_id}
    assert "uvicorn" in person.log(deployment, "build")
    assert "Uvicorn running" in person.log(deployment, "run")


def test_a_static_site_goes_live(person: Person, source: Source, repo_id: str) -> None:
    person.manage(repo_id, source(apps.example("static-site")), sdk="static")

    deployment = person.finished(person.deploy(repo_id))

    assert deployment["status"] == "succeeded", deployment
    assert "A static Space" in httpx.get(deployment["url"], trust_env=False).text


def test_a_failing_build_says_so_with_the_builds_own_words(person: Person, source: Source, repo_id: str) -> None:
    person.manage(repo_id, source(apps.broken_build()))

    deployment = person.finished(person.deploy(repo_id))

    assert (deployment["status"], deployment["reason_code"]) == ("failed", "build_failed")
    assert "exit code: 7" in deployment["reason"]
    assert "build log" in deployment["fix"]
    assert "about to break" in person.log(deployment, "build")
    assert deployment["release"] is None


def test_an_app_that_never_listens_fails_with_its_own_log(person: Person, source: Source, repo_id: str) -> None:
    person.manage(repo_id, source(apps.never_listens()))

    deployment = person.finished(person.deploy(repo_id))

    assert (deployment["status"], deployment["reason_code"]) == ("failed", "app_failed"), deployment
    assert "app_port" in deployment["fix"]
    assert "doing nothing at all" in person.log(deployment, "run")


def test_an_app_that_is_healthy_only_at_its_own_path_needs_that_path_in_the_rule(
    person: Person, source: Source, repo_id: str
) -> None:
    person.manage(repo_id, source(apps.healthy_at("/ready")), health={"path": "/", "within": 1.5})

    wrong = person.finished(person.deploy(repo_id))
    person.http.patch(f"/spaces/{repo_id}", json={"health": {"path": "/ready", "interval": 0.2}}).raise_for_status()
    right = person.finished(person.deploy(repo_id))

    assert (wrong["status"], wrong["reason_code"]) == ("failed", "health_check_failed")
    assert "GET / answered 404" in wrong["reason"]
    assert right["status"] == "succeeded"


def test_an_app_that_exits_fails_with_what_it_said(person: Person, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.crashes()))

    deployment = person.finished(person.deploy(repo_id))

    assert (deployment["status"], deployment["reason_code"]) == ("failed", "app_failed")
    assert "no database, no app" in person.log(deployment, "run")


def test_a_second_deployment_replaces_files_and_deletes_those_that_are_gone(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload(apps.hello("one") | {"old/notes.txt": "gone soon"}))
    first = person.finished(person.deploy(repo_id))

    second = person.finished(person.deploy(repo_id, source=person.upload(apps.hello("two"))))

    assert [first["release"], second["release"]] == [1, 2]
    assert httpx.get(second["url"], trust_env=False).text == "two"
    files = set(hub.api().list_repo_files(repo_id, repo_type="space"))
    assert files == {".gitattributes", "README.md", "Dockerfile", "app.py"}


def test_every_deployment_is_exactly_one_commit(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id)
    before = len(hub.api().list_repo_commits(repo_id, repo_type="space"))
    many = {f"data/{number}.txt": str(number) for number in range(600)}

    person.finished(person.deploy(repo_id, source=person.upload(apps.hello("one") | many)))
    person.finished(person.deploy(repo_id, source=person.upload(apps.hello("two"))))

    assert len(hub.api().list_repo_commits(repo_id, repo_type="space")) == before + 2


def test_the_same_files_again_make_no_commit_and_are_live_at_once(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.hello()))
    first = person.finished(person.deploy(repo_id))

    again = person.finished(person.deploy(repo_id))

    assert (again["status"], again["pushed"], again["hub_sha"]) == ("succeeded", False, first["hub_sha"])
    assert "no new commit" in person.log(again, "push")


def test_another_space_can_be_the_source(person: Person, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.hello("copied")))
    person.finished(person.deploy(repo_id))
    copy = f"{repo_id}-copy"
    person.manage(copy, {"kind": "space", "repo_id": repo_id})

    deployment = person.finished(person.deploy(copy))

    assert deployment["status"] == "succeeded", deployment
    assert httpx.get(deployment["url"], trust_env=False).text == "copied"


def test_a_source_that_cannot_be_fetched_leaves_the_space_alone(
    person: Person, hub: LocalHub, git: GitServer, repo_id: str
) -> None:
    git.repo("only-main").commit(apps.hello())
    person.manage(repo_id, {"kind": "git", "url": git.url("only-main"), "ref": "no-such-branch"})
    before = hub.api().space_info(repo_id).sha

    deployment = person.finished(person.deploy(repo_id))

    assert (deployment["status"], deployment["reason_code"]) == ("failed", "ref_not_found"), deployment
    assert "no-such-branch" in deployment["reason"]
    assert hub.api().space_info(repo_id).sha == before
