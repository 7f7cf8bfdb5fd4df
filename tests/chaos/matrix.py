"""Every Hub route failing in every way at every step: what each deployment made of it.

API, worker and reconciler run in this process, so that a fault begins exactly with the step that it is meant for.
"""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from tests.chaos.journeys import JOURNEYS, Journey
from tests.chaos.routes import FINAL, TIME_OUT, Case, Route, cases, template
from tests.chaos.world import free_port
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person

from spaceport.deployments.pipeline import PIPELINE
from spaceport.deployments.step import Step
from spaceport.hub import logs, transport
from spaceport.jobs.model import JobKind
from spaceport.main import Store, create_app
from spaceport.settings import Settings

_AT_ONCE = 16
# The reconciler looks at all Spaces, and asks for the prices of their hardware, whenever it likes.
_OF_THE_RECONCILER = {"/api/spaces", "/api/spaces/hardware"}
_ENDS = ("deployment.succeeded", "deployment.failed", "deployment.canceled", "deployment.superseded")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    case: Case
    deployment: dict[str, Any]
    ends: int
    commits: int

    def problems(self) -> list[str]:
        """How this differs from: one final status, one commit or none, the right reason with a fix of its own."""
        got = self.deployment
        told = (got["status"], got["reason_code"], got["fix"])
        if self.case.ends:
            code, _, fix = FINAL[self.case.way]
            expected = ("failed", code, fix)
        else:
            expected = ("succeeded", "live", None)
        allowed = JOURNEYS[self.case.route.journey].commits(self.case)
        return [
            f"{self.case}: {what}"
            for what, wrong in (
                (f"{told} instead of {expected}: {got['reason']}", told != expected),
                (f"{self.ends} final events", self.ends != 1),
                (f"{self.commits} commits instead of {allowed}", self.commits != allowed),
            )
            if wrong
        ]


class Matrix:
    def __init__(self, hub: LocalHub, url: str) -> None:
        self._hub = hub
        self._person = Person(url, "matrix")
        self._person.connect_hub()
        self._armed: dict[str, Case] = {}
        self._begun: list[tuple[str, int]] = []

    def close(self) -> None:
        self._person.http.close()

    def wrap(self, kind: JobKind) -> Any:
        """The step itself, with its fault set, or its beginning noted, at the very moment at which it begins."""
        step_itself = PIPELINE[kind]

        async def begin(step: Step) -> None:
            case = self._armed.get(step.repo_id)
            if case is not None and case.route.step == kind:
                del self._armed[step.repo_id]
                await asyncio.to_thread(self._hub.fault, **case.fault(step.repo_id))
            elif case is None:
                self._begun.append((str(kind), await asyncio.to_thread(self._last_call)))
            await step_itself(step)

        return begin

    def record(self) -> list[Route]:
        """The routes of every journey, one journey after the other."""
        found = []
        for name, journey in JOURNEYS.items():
            repo = self._prepared(journey)
            self._begun.clear()
            ended = self._person.finished(self._person.deploy(repo))
            assert ended["status"] == "succeeded", (name, ended, self._person.log(ended))
            for (step, first), (_, last) in itertools.pairwise([*self._begun, ("", self._last_call())]):
                calls = [call for call in self._hub.calls(after=first) if call["number"] <= last]
                found += [
                    Route(name, step, call["method"], template(call["path"], repo))
                    for call in calls
                    if call["path"] not in _OF_THE_RECONCILER
                ]
        return found

    def run(self, wanted: list[Case]) -> list[Outcome]:
        """Many Spaces at once; what no Space's name tells apart comes after them, one by one."""
        apart = [case for case in wanted if not case.route.shared]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            ended = list(threads.map(self._ended, apart))
        for case in wanted:
            if case.route.shared:
                ended.append(self._ended(case))
                self._hub.clear_faults()
        # Those that last would also hide the histories.
        self._hub.clear_faults()
        return [Outcome(case, deployment, ends, self._commits(deployment)) for case, deployment, ends in ended]

    def _ended(self, case: Case) -> tuple[Case, dict[str, Any], int]:
        repo = self._prepared(JOURNEYS[case.route.journey])
        self._armed[repo] = case
        deployment = self._person.deploy(repo)
        try:
            kinds = [kind for _, kind, _ in self._person.events(deployment)]
        except AssertionError:
            # Not over in time: one outcome among the others, and all of them are to be told.
            kinds = []
        return case, self._person.get(f"/deployments/{deployment['id']}"), sum(kind in _ENDS for kind in kinds)

    def _commits(self, deployment: dict[str, Any]) -> int:
        history = self._hub.api().list_repo_commits(deployment["space"], repo_type="space")
        return sum(deployment["id"] in commit.message for commit in history)

    def _prepared(self, journey: Journey) -> str:
        repo = f"local/m{next(_numbers)}"
        journey.prepare(self._hub, self._person, repo)
        return repo

    def _last_call(self) -> int:
        return max((call["number"] for call in self._hub.calls()), default=0)


@contextmanager
def matrix(folder: Path, database_url: str) -> Iterator[Matrix]:
    """With the client's time-outs shortened; everything else is as it always is."""
    hub = LocalHub(folder / "hub", "--stub", "--builds-at-once", "8", "--api-quota", "1000000")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "_TIMEOUT", httpx2.Timeout(TIME_OUT))
        patch.setattr(logs, "_TIMEOUT", httpx.Timeout(TIME_OUT))
        try:
            with _serving(folder, hub, database_url) as url:
                made = Matrix(hub, url)
                for kind in JobKind:
                    patch.setitem(PIPELINE, kind, made.wrap(kind))
                yield made
                made.close()
        finally:
            hub.stop()


def full(folder: Path, database_url: str) -> tuple[list[Case], list[str]]:
    """All cases, and what was wrong with any of them."""
    with matrix(folder, database_url) as made:
        wanted = list(cases(made.record()))
        return wanted, [problem for outcome in made.run(wanted) for problem in outcome.problems()]


@contextmanager
def _serving(folder: Path, hub: LocalHub, database_url: str) -> Iterator[str]:
    port = free_port()
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        hf_endpoint=hub.url,
        push_concurrency=_AT_ONCE,
        watch_concurrency=2 * _AT_ONCE,
        push_limit=100,
        team_push_limit=100,
        team_run_limit=100,
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings, Store(database_url, database_url)), port=port, log_config=None)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
