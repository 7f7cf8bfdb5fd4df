"""What one run of a job works with: its claim, its Hub, and the two ways out of the event loop."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session

from spaceport import clock
from spaceport.deployments import claim as claims
from spaceport.deployments import log, slot, stop
from spaceport.deployments.claim import Claim
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.history import note
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status, transition
from spaceport.errors import Unavailable
from spaceport.hub import Hub, LogLine, Runtime, unless
from spaceport.instance import Instance
from spaceport.jobs.model import JobKind
from spaceport.runtime import observations
from spaceport.spaces.release_jobs import Phase

T = TypeVar("T")

# Seconds a write waits for a database that does not answer.
_OUTAGE = 120.0
# Seconds for which somebody who stops a run waits for the call it is in the middle of.
_LAST_CALL = 0.5


class Ended(Exception):
    """The ordinary way out of a step: the deployment ends here, as failed unless said otherwise."""

    def __init__(self, code: str, reason: str, fix: str = "", status: Status = Status.FAILED) -> None:
        super().__init__(reason)
        self.ending = Ending(status, code, reason, fix)


@dataclass
class Step:
    """One run of one job. Everything it writes goes through `write`, which refuses a run that was taken over."""

    instance: Instance
    claim: Claim
    # Hub and Git calls may block for a minute; they have threads of their own so that the database's never wait.
    outside: ThreadPoolExecutor
    # One write at a time: the app's log is recorded beside the step's own work.
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Set when the run was stopped: nothing more is sent to the Hub, and Git ends.
    given_up: threading.Event = field(default_factory=threading.Event)
    # The calls that are being made, also by a run that was stopped meanwhile.
    under_way: set[Future[Any]] = field(default_factory=set)
    # What was left on the Space: in words, for a cancellation to report, and the commit that this run made.
    left: str = field(init=False)
    # And what that is as long as neither a commit nor a restart is under way.
    untouched: str = stop.UNTOUCHED
    landed: str | None = None
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.left = stop.left(self.deployment)

    @property
    def deployment(self) -> Deployment:
        return self.claim.deployment

    @property
    def repo_id(self) -> str:
        return self.claim.space.repo_id

    @property
    def marker(self) -> str:
        """What the commit's description carries, so that a commit whose answer was lost is recognised."""
        return f"Spaceport-Deployment: {self.deployment.id}"

    def spent_after(self, pause: float) -> float | None:
        """The job's budget in seconds, if it will be spent after a pause; else None. Held time does not count."""
        space, kind = self.claim.space, self.claim.job.kind
        budget = {
            JobKind.PUSH: space.time_budgets.push,
            JobKind.PRE_DEPLOY: space.phase_seconds(Phase.PRE_DEPLOY),
            JobKind.BUILD: space.time_budgets.build + space.time_budgets.start,
            JobKind.HEALTH_CHECK: space.health_rule.within + space.phase_seconds(Phase.POST_DEPLOY),
        }[kind]
        assert self.claim.job.started_at is not None
        running = clock.now() - self.claim.job.started_at + timedelta(seconds=pause)
        return budget if running > timedelta(seconds=budget + self.deployment.held_seconds) else None

    async def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """A blocking call to the outside world.

        When cancelled, it is waited for only a moment. It may then go on, and sends nothing new to the Hub; what it
        has already sent is `left`.
        """
        work = self.outside.submit(self._call, function, args, kwargs)
        self.under_way.add(work)
        work.add_done_callback(self.under_way.discard)
        answer = asyncio.wrap_future(work)
        try:
            await asyncio.wait([answer])
        except asyncio.CancelledError:
            self.given_up.set()
            await asyncio.wait([answer], timeout=_LAST_CALL)
            answer.add_done_callback(_forget)
            raise
        return answer.result()

    def _call(self, function: Callable[..., T], args: Any, kwargs: Any) -> T:
        with unless(self.given_up.is_set):
            return function(*args, **kwargs)

    def afterwards(self, function: Callable[..., None], *args: Any) -> None:
        """In a thread, as soon as no call is under way any more, which for a stopped run may take a minute."""
        waited_for = list(self.under_way)

        def last() -> None:
            futures.wait(waited_for)
            function(*args)

        self.outside.submit(last)

    async def runtime(self) -> Runtime:
        """The Space's condition, asked of the Hub and kept for whoever asks us."""
        asked_at = clock.now()
        runtime = await self.call(self.hub.runtime, self.repo_id)

        def keep(session: Session, _deployment: Deployment) -> None:
            observations.keep(session, self.claim.space.id, runtime, asked_at)

        await self.write(keep)
        return runtime

    async def write(self, change: Callable[[Session, Deployment], None]) -> None:
        """Change the deployment in one fenced transaction, and keep our copy of it fresh.

        Waits for a database that is gone, for as long as a restart or a failover takes. When the connection was
        lost while committing, the version tells whether the change is there already. A cancellation waits for it.
        """
        writing = asyncio.ensure_future(self._write(change))
        try:
            await asyncio.wait([writing])
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            _forget(writing)
            raise
        writing.result()

    async def _write(self, change: Callable[[Session, Deployment], None]) -> None:
        async with self.writing:
            before = self.deployment.version
            deadline = asyncio.get_running_loop().time() + _OUTAGE
            while True:
                try:
                    fresh = await asyncio.to_thread(self._write_once, before, change)
                    break
                except Unavailable:
                    if asyncio.get_running_loop().time() > deadline:
                        raise
                    await asyncio.sleep(1)
            self.claim = replace(self.claim, deployment=fresh)

    def _write_once(self, before: int, change: Callable[[Session, Deployment], None]) -> Deployment:
        with self.instance.database.unit_of_work() as session:
            deployment = claims.fenced(session, self.claim, ours=before + 1)
            if deployment.version == before:
                deployment.version += 1
                change(session, deployment)
                session.add(deployment)
            return deployment

    async def advance(self, status: Status, *, next_job: JobKind | None = None, **changes: Any) -> None:
        """Move to a later status; with `next_job`, this job is complete and the next one is queued with it."""

        def change(session: Session, deployment: Deployment) -> None:
            move(session, deployment, status, **changes)
            if next_job is not None:
                self._complete(session, deployment, next_job)

        await self.write(change)

    async def hand_to(self, next_job: JobKind) -> None:
        """This job is complete and another one queued; the status stays."""
        await self.write(lambda session, deployment: self._complete(session, deployment, next_job))

    def _complete(self, session: Session, deployment: Deployment, next_job: JobKind) -> None:
        claims.complete(session, self.claim)
        slot.enqueue(session, deployment, next_job)
        slot.hand_on(session, Limits.of(self.instance.settings), held=deployment.space_id)

    async def hold(self, seconds: float, reason: str) -> None:
        """Say that the deployment waits for the Hub's quota, and that the wait costs it nothing of its budgets."""

        def change(session: Session, deployment: Deployment) -> None:
            deployment.held_seconds += seconds
            log.append(session, deployment, "push", [LogLine(clock.now(), reason)])
            note(session, deployment, "held", actor="worker", seconds=seconds, reason=reason)

        await self.write(change)

    async def log(self, step: str, lines: Iterable[LogLine], position: dict[str, Any] | None = None) -> None:
        """Store lines, together with where reading the Hub's log stands."""

        def change(session: Session, deployment: Deployment) -> None:
            log.append(session, deployment, step, lines)
            if position is not None:
                deployment.log_positions = {**deployment.log_positions, step: position}

        await self.write(change)

    async def say(self, sentence: str) -> None:
        """A line of our own in the push log."""
        await self.log("push", [LogLine(clock.now(), sentence)])

    async def end(self, ended: Ended, *, actor: str = "worker", url: str | None = None) -> None:
        def change(session: Session, deployment: Deployment) -> None:
            deployment.url = url
            finish(session, Limits.of(self.instance.settings), deployment, ended.ending, actor=actor)

        await self.write(change)


def _forget(work: asyncio.Future[Any]) -> None:
    """Nobody is there any more who wants to hear how it ended."""
    if not work.cancelled():
        work.exception()


_STAMPS = {
    Status.PUSHING: "started_at",
    Status.BUILDING: "pushed_at",
    Status.STARTING: "starting_at",
    Status.VERIFYING: "verifying_at",
}


def move(session: Session, deployment: Deployment, status: Status, **changes: Any) -> None:
    """The transition, its time stamp and its event."""
    deployment.status = transition(deployment.status, status)
    setattr(deployment, _STAMPS[status], clock.now())
    for name, value in changes.items():
        setattr(deployment, name, value)
    told = {name: value for name, value in changes.items() if not isinstance(value, datetime)}
    note(session, deployment, status, actor="worker", status=status, **told)
