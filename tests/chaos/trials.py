"""Two misfortunes that are staged, not drawn: a database gone for a while, and a job that kills whoever runs it."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text
from tests.chaos.client import Client
from tests.chaos.verdict import FINAL, commits
from tests.chaos.world import Program, World

from spaceport.db.database import Database
from spaceport.deployments.claim import MAX_CRASHES

_SETTLED_WITHIN = 120.0
_RESCUED_WITHIN = 40.0
_ROW = text("SELECT status, reason_code, reason FROM deployment WHERE id = :id")


@dataclass
class Outage:
    """`answers` counts what was asked of both replicas meanwhile; `wrong` are those that were no proper 503."""

    seconds: float
    accepted: int
    answers: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    back_after: float = 0.0
    restarted: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        return not (self.wrong or self.restarted or self.unfinished) and set(self.commits) == {1} and self.answers > 0


def outage(scene: World, client: Client, seconds: float, *, spaces: int = 4) -> Outage:
    """Stop the database under deployments that are queued and running, ask on, start it again after `seconds`."""
    names = [f"outage-{number}" for number in range(spaces)]
    for name in names:
        client.manage(name)
        # Half of what is under way is in the middle of its commit when the database goes.
        scene.hub.fault(space=f"local/{name}", method="POST", path="/commit/", delay=3)
    accepted = {
        client.deploy(name, number, f"outage-{name}-{number}"): f"local/{name}" for number in range(2) for name in names
    }
    found = Outage(seconds, len(accepted))
    pids = {program.name: program.pid for program in scene.programs}
    scene.postgres.stop()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for url in scene.replicas:
            _ask(f"{url}/api/v1/me", client.headers, found)
        time.sleep(0.2)
    scene.postgres.start()
    began = time.monotonic()
    for url in scene.replicas:
        _until(lambda url=url: httpx.get(f"{url}/api/v1/me", headers=client.headers, trust_env=False).is_success)
    found.back_after = time.monotonic() - began
    _until(lambda: not _unfinished(scene, accepted))
    found.unfinished = _unfinished(scene, accepted)
    made = commits(scene, set(accepted.values()))
    found.commits = [made[deployment] for deployment in accepted]
    found.restarted = [program.name for program in scene.programs if program.pid != pids[program.name] or program.over]
    return found


def poison(scene: World, client: Client, *, name: str = "poison") -> dict[str, Any]:
    """Kill every worker that runs one job, until there is no further run of it; the deployment as it ended."""
    client.manage(name)
    scene.hub.fault(space=f"local/{name}", path="/tree/", delay=60, count=None)
    deployment = client.deploy(name, 1, f"{name}-1")
    for epoch in range(1, MAX_CRASHES + 2):
        _runner(scene, deployment, epoch).kill()
    _until(lambda: not _unfinished(scene, [deployment]))
    return dict(_row(scene, deployment))


def _ask(url: str, headers: dict[str, str], found: Outage) -> None:
    began = time.monotonic()
    try:
        answer = httpx.get(url, headers=headers, trust_env=False, timeout=30)
    except httpx.TransportError as error:
        found.wrong[type(error).__name__] += 1
        return
    found.answers += 1
    found.slowest = max(found.slowest, time.monotonic() - began)
    proper = (
        answer.headers["content-type"] == "application/problem+json" and answer.headers.get("retry-after", "0") > "0"
    )
    if answer.status_code != 503 or not proper:
        found.wrong[f"{answer.status_code} {answer.headers['content-type']}"] += 1


def _runner(scene: World, deployment: str, epoch: int) -> Program:
    """The worker that says that it has begun this run."""
    begun = re.compile(rf"job\.begun.*{deployment}.*epoch={epoch}\b|job\.begun.*epoch={epoch}\b.*{deployment}")
    deadline = time.monotonic() + _RESCUED_WITHIN
    while True:
        for worker in scene.workers:
            if begun.search(worker.output()):
                return worker
        if time.monotonic() > deadline:
            raise TimeoutError(f"run {epoch} of {deployment} never began: {_row(scene, deployment)}")
        time.sleep(0.1)


def _unfinished(scene: World, deployments: Any) -> list[str]:
    return [each for each in deployments if _row(scene, each)["status"] not in FINAL]


def _row(scene: World, deployment: str) -> Any:
    database = Database(scene.postgres.url, pool_size=1)
    try:
        with database.unit_of_work() as session:
            return session.execute(_ROW, {"id": deployment}).mappings().one()
    finally:
        database.close()


def _until(true: Any) -> None:
    """Or until patience ends: what is missing then is for the caller to tell."""
    deadline = time.monotonic() + _SETTLED_WITHIN
    while not true() and time.monotonic() < deadline:
        time.sleep(0.2)
