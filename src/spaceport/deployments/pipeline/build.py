"""Job 2: follow the build, then the start, until the runtime serves our commit.

The Hub's quota is a budget. While the build runs only its log stream is open, and the runtime is read when that
stream ends. While an app starts for the first time, its own address is asked, which costs the Hub nothing.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, count

from spaceport import clock
from spaceport.deployments import log, observe, stream
from spaceport.deployments.observe import Verdict
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.health.rule import HealthRule
from spaceport.hub import HubFailure, Runtime
from spaceport.jobs.model import JobKind
from spaceport.spaces.model import Sdk

# For a log stream that stays open although the build is over. One falls into a build of ten minutes, and costs two
# calls: the look, and the stream opened again.
_SAFETY_READS = (120.0, 600.0)
_SETTLING_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_STARTING_PAUSES = (2.0, 6.0, 15.0, 30.0)
_FIRST_ANSWER_WITHIN = 15.0
# An app that starts faster needs no look at its log while it starts; every open stream is a call.
_LOG_FROM_PAUSE = 15.0
# The Hub's own page stands in with a 503 until the app listens.
_ANY_ANSWER = HealthRule(status="200-502", timeout=5)
# Lines carry the Hub's clock; a little slack keeps ours when it is behind.
CLOCK_SLACK = timedelta(seconds=5)


async def build(step: Step) -> None:
    watch = _Watch(step)
    try:
        await watch.until_served()
    finally:
        await watch.stop()


class _Watch:
    def __init__(self, step: Step) -> None:
        deployment = step.deployment
        assert deployment.hub_sha is not None
        assert deployment.pushed_at is not None
        self._step = step
        self._sha = deployment.hub_sha
        self._since: datetime = deployment.pushed_at
        # An earlier run of this job may have seen it.
        self._seen_ours = "build" in deployment.log_positions or deployment.starting_at is not None
        self._safety = chain(_SAFETY_READS, (_SAFETY_READS[-1] for _ in count()))
        self._settling, self._starting = _growing(_SETTLING_PAUSES), _growing(_STARTING_PAUSES)
        self._positions: dict[str, log.Position] = {}
        self._app_log: asyncio.Task[bool] | None = None
        self._answered = False

    async def until_served(self) -> None:
        step = self._step
        if step.claim.space.sdk is not Sdk.STATIC:
            await self._follow("build", limit=next(self._safety))
        while True:
            runtime = await step.runtime()
            waited = (clock.now() - self._since).total_seconds()
            seen = observe.judge(runtime, ours=self._sha, seen_ours=self._seen_ours, waited=waited)
            if seen.verdict is Verdict.SERVING:
                await self.stop()
                await step.advance(Status.VERIFYING, next_job=JobKind.HEALTH_CHECK, evidence=seen.evidence)
                return
            if seen.verdict is Verdict.FAILED:
                await self.stop()
                await self._follow("run" if runtime.stage == "RUNTIME_ERROR" else "build", limit=2)
                raise Ended(seen.code, seen.reason, seen.fix)
            self._check_budget(runtime)
            await self._between(seen.verdict, runtime)

    async def stop(self) -> None:
        if self._app_log is not None:
            self._app_log.cancel()
            await asyncio.gather(self._app_log, return_exceptions=True)
            self._app_log = None

    async def _between(self, verdict: Verdict, runtime: Runtime) -> None:
        """What to do until the next look at the runtime."""
        if verdict is Verdict.UNSETTLED:
            await asyncio.sleep(next(self._settling))
            return
        self._seen_ours = True
        if verdict is Verdict.STARTING:
            await self._while_starting(runtime)
        elif not await self._follow("build", limit=next(self._safety)):
            await asyncio.sleep(next(self._settling))

    async def _while_starting(self, runtime: Runtime) -> None:
        if self._step.deployment.status is Status.BUILDING:
            await self._step.advance(Status.STARTING)
        # While an old app serves until the new one takes over, the address proves nothing.
        if runtime.stage == "APP_STARTING" and not self._answered:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_ANSWER_WITHIN):
                    await self._first_answer()
                    return
        pause = next(self._starting)
        if pause >= _LOG_FROM_PAUSE and self._app_log is None:
            self._app_log = asyncio.create_task(self._follow("run", limit=self._step.claim.space.time_budgets.start))
        await asyncio.sleep(pause)

    async def _first_answer(self) -> None:
        """Asked once only: what answers may also be a door in front of the app."""
        host = self._step.claim.space.host
        while not self._answered:
            await asyncio.sleep(0.3)
            self._answered = host is not None and await self._step.instance.prober.probe(host, _ANY_ANSWER) is None

    async def _follow(self, kind: str, *, limit: float) -> bool:
        """Record a log for `limit` seconds or until it ends; whether it brought anything new. A cut is not fatal."""
        try:
            lines = await stream.record(self._step, kind, self._position(kind), limit=limit)
        except HubFailure as failure:
            if not failure.transient and failure.status not in (400, 404):
                raise
            return False
        self._seen_ours = self._seen_ours or (kind == "build" and lines > 0)
        return lines > 0

    def _position(self, kind: str) -> log.Position:
        if kind not in self._positions:
            recorded = self._step.deployment.log_positions.get(kind)
            self._positions[kind] = log.Position(self._sha, self._since - CLOCK_SLACK, recorded)
        return self._positions[kind]

    def _check_budget(self, runtime: Runtime) -> None:
        started = self._step.deployment.starting_at
        budgets = self._step.claim.space.time_budgets
        step, since, budget = ("start", started, budgets.start) if started else ("build", self._since, budgets.build)
        if clock.now() - since > timedelta(seconds=budget + self._step.deployment.held_seconds):
            last = runtime.stage + (f" and serves commit {runtime.sha[:7]}" if runtime.sha else "")
            raise Ended(
                "timed_out",
                f"The {step} took longer than {budget:g} seconds. Last seen: the Space is {last}.",
                "Look at the log for what it waits for; a factory restart of the Space often frees a stuck build.",
            )


def _growing(pauses: tuple[float, ...]) -> "chain[float]":
    """The pauses, and then the last one for ever."""
    return chain(pauses, (pauses[-1] for _ in count()))
