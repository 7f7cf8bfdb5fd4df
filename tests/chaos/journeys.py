"""The ways a deployment may go, each of them calling the Hub at some other place."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.routes import Case, source_of
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person

_SITE = {"index.html": "<title>matrix</title>"}
_APP = {"Dockerfile": 'FROM python:3.11-slim\nCMD ["python"]\n'}


@dataclass(frozen=True)
class Journey:
    """`prepare` brings a Space to where its next deployment takes this way. `made`: the commits that one makes."""

    prepare: Callable[[LocalHub, Person, str], None]
    made: int = 1
    # Whether its commit is there already when the step that is hit begins.
    before_push: int = 0

    def commits(self, case: Case) -> int:
        """How many commits of the deployment there are in the end."""
        return self.before_push if case.ends and case.route.step == "push" else self.made


def _static(_: LocalHub, person: Person, repo: str) -> None:
    person.manage(repo, person.upload(_SITE), sdk="static", health={"successes": 1})


def _docker(_: LocalHub, person: Person, repo: str) -> None:
    person.manage(repo, person.upload(_APP), sdk="docker", health={"successes": 1, "status": "200-599"})


def _lost_answer(hub: LocalHub, person: Person, repo: str) -> None:
    _static(hub, person, repo)
    hub.fault(space=repo, method="POST", path="/commit/", drop="after")


def _unchanged(hub: LocalHub, person: Person, repo: str) -> None:
    """The files are there, in a build that failed: it only has to be started again."""
    _docker(hub, person, repo)
    hub.fault(space=repo, build_error="no space left on the builder")
    assert person.finished(person.deploy(repo))["status"] == "failed"


def _copy(hub: LocalHub, person: Person, repo: str) -> None:
    source, api = source_of(repo), hub.api()
    api.create_repo(source, repo_type="space", space_sdk="static")
    api.upload_file(
        path_or_fileobj=b"<title>copy</title>", path_in_repo="index.html", repo_id=source, repo_type="space"
    )
    person.manage(repo, {"kind": "space", "repo_id": source}, sdk="static", health={"successes": 1})


JOURNEYS = {
    "static": Journey(_static),
    "docker": Journey(_docker),
    "lost answer": Journey(_lost_answer, before_push=1),
    "unchanged": Journey(_unchanged, made=0),
    "copy": Journey(_copy),
}
