"""Job 2: follow the build, then the start, until the runtime serves our commit.

The Hub's quota is a budget: while the build runs only its log stream is open, and the runtime is read when that
stream ends. The safety reads below are for a stream that stays open although the build is over.
"""

import asyncio
from datetime import datetime, timedelta
from itertools import chain, count

from spaceport import clock
from spaceport.deployments import log, observe, stream
from spaceport.deployments.observe import Verdict
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.hub import HubFailure, Runtime
from spaceport.jobs.model import JobKind
from spaceport.spaces.model import Sdk

BUILD_BUDGET = 1800.0
START_BUDGET = 1800.0
_SAFETY_READS = (60.0, 240.0)
_PAUSES = (0.3, 0.7, 1.5, 3.0, 6.0, 10.0)
# An app that starts faster than this needs no look at its log while it starts.
_LOG_AFTER_READS = 3
# Lines may carry the Hub's clock; a little slack keeps ours when it is behind.
_CLOCK_SLACK = timedelta(seconds=5)


async def build(step: Step) -> None:
    watch = _Watch(step)
    if step.claim.space.sdk != Sdk.STATIC:
        await watch.follow("build", limit=_SAFETY_READS[0])
    for reads in count(1):
        runtime = await step.call(step.hub.runtime, step.repo_id)
        seen = observe.judge(
            runtime, ours=watch.sha, seen_ours=watch.seen_ours, waited=clock.now().timestamp() - watch.since.timestamp()
        )
        if seen.verdict is Verdict.SERVING:
            await step.advance(Status.VERIFYING, next_job=JobKind.HEALTH_CHECK, evidence=seen.evidence)
            return
        if seen.verdict is Verdict.FAILED:
            await watch.follow("run" if runtime.stage == "RUNTIME_ERROR" else "build", limit=2)
            raise Ended(seen.code, seen.reason, seen.fix)
        await watch.between(seen.verdict, runtime, reads)


class _Watch:
    def __init__(self, step: Step) -> None:
        deployment = step.deployment
        assert deployment.hub_sha is not None
        assert deployment.pushed_at is not None
        self.step = step
        self.sha = deployment.hub_sha
        self.since: datetime = deployment.pushed_at
        self.seen_ours = False
        self._safety = chain(_SAFETY_READS[1:], (600.0 for _ in count()))
        self._positions: dict[str, log.Position] = {}

    async def between(self, verdict: Verdict, runtime: Runtime, reads: int) -> None:
        """What to do until the next look at the runtime."""
        self._check_budget(runtime)
        if verdict is Verdict.UNSETTLED:
            await asyncio.sleep(_pause(reads))
            return
        self.seen_ours = True
        if verdict is Verdict.BUILDING:
            if not await self.follow("build", limit=next(self._safety)):
                await asyncio.sleep(_pause(reads))
            return
        if self.step.deployment.status == Status.BUILDING:
            await self.step.advance(Status.STARTING)
        if reads < _LOG_AFTER_READS:
            await asyncio.sleep(_pause(reads))
        else:
            await self.follow("run", limit=_pause(reads))

    async def follow(self, kind: str, *, limit: float) -> bool:
        """Record a log for `limit` seconds or until it ends; whether it brought anything new. A cut is not fatal."""
        try:
            lines = await stream.record(self.step, kind, self._position(kind), limit=limit)
        except HubFailure as failure:
            if not failure.transient and failure.status not in (400, 404):
                raise
            return False
        self.seen_ours = self.seen_ours or (kind == "build" and lines > 0)
        return lines > 0

    def _position(self, kind: str) -> log.Position:
        if kind not in self._positions:
            recorded = self.step.deployment.log_positions.get(kind)
            self._positions[kind] = log.Position(self.sha, self.since - _CLOCK_SLACK, recorded)
        return self._positions[kind]

    def _check_budget(self, runtime: Runtime) -> None:
        started = self.step.deployment.starting_at
        step, since, budget = ("start", started, START_BUDGET) if started else ("build", self.since, BUILD_BUDGET)
        if clock.now() - since > timedelta(seconds=budget):
            last = runtime.stage + (f" and serves commit {runtime.sha[:7]}" if runtime.sha else "")
            raise Ended(
                "timed_out",
                f"The {step} took longer than {budget / 60:.0f} minutes. Last seen: the Space is {last}.",
                "Look at the log for what it waits for; a factory restart of the Space often frees a stuck build.",
            )


def _pause(reads: int) -> float:
    return _PAUSES[min(reads, len(_PAUSES)) - 1]
