"""Waiting until a Space is in a stage, without a thread or a connection per waiter.

Whatever is observed is in the database, whoever asked the Hub for it; one look there a second serves all who wait for
a Space. Only when nobody else has asked the Hub for a while is it asked from here, less and less often.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from spaceport import clock
from spaceport.errors import SpaceportError, Unavailable
from spaceport.hub.model import ERROR_STAGES
from spaceport.runtime.model import Observation

MOST_WAITERS = 200
READ_EVERY = 1.0
# Seconds that an observation may be old before the Hub is asked: 44 calls in ten minutes.
PAUSES = (2.0, 2.0, 4.0, 4.0, 8.0, 8.0, 15.0)
# Stages that end by somebody's act alone. One may be left over from before a push (the Hub's contract, 7.2), so it is
# believed once it has stood for a while, or was seen to come.
STANDING = ERROR_STAGES | {"PAUSED", "DELETING", None}
STANDS_AFTER = timedelta(seconds=20)

log = structlog.get_logger()

Read = Callable[[str], Awaitable[Observation | None]]
Ask = Callable[[str], Awaitable[Observation]]


@dataclass(frozen=True)
class Wanted:
    stage: str
    sha: str | None = None

    def met(self, seen: Observation) -> bool:
        return seen.stage == self.stage and (self.sha is None or (seen.runtime_sha or "").startswith(self.sha))


@dataclass(frozen=True)
class Outcome:
    """`stands` says that it will not be reached by itself: the stage is one that only somebody's act ends."""

    seen: Observation | None
    reached: bool
    stands: bool = False


@dataclass(eq=False)
class _Watched:
    seen: Observation | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    failure: SpaceportError | None = None
    waiters: int = 0
    pump: asyncio.Task[None] | None = None


class Waiting:
    """`read` gives what was last observed of a space; `ask` asks the Hub and keeps the answer."""

    def __init__(self, read: Read, ask: Ask) -> None:
        self._read, self._ask = read, ask
        self._watched: dict[str, _Watched] = {}

    async def until(
        self, space_id: str, wanted: Wanted, *, since: datetime, within: float, gone: Callable[[], Awaitable[bool]]
    ) -> Outcome:
        """What was seen once it is as wanted, or when `within` seconds are over, or the caller is `gone`.

        What was observed before `since` does not count. Raises Unavailable `too_many_waiting`, and what the Hub
        refuses.
        """
        if sum(each.waiters for each in self._watched.values()) >= MOST_WAITERS:
            raise Unavailable(
                "Too many are waiting on this process already.",
                code="too_many_waiting",
                fix="Read the runtime without wait_for now and then instead.",
                retry_after=30,
            )
        watched = self._join(space_id)
        try:
            return await _wait(watched, wanted, since, asyncio.get_running_loop().time() + within, gone)
        finally:
            self._leave(space_id, watched)

    def _join(self, space_id: str) -> _Watched:
        watched = self._watched.setdefault(space_id, _Watched())
        watched.waiters += 1
        if watched.pump is None:
            watched.pump = asyncio.create_task(self._pump(space_id, watched))
        return watched

    def _leave(self, space_id: str, watched: _Watched) -> None:
        watched.waiters -= 1
        if watched.waiters == 0 and watched.pump is not None:
            del self._watched[space_id]
            watched.pump.cancel()

    async def _pump(self, space_id: str, watched: _Watched) -> None:
        asked = 0
        while True:
            try:
                seen = await self._read(space_id)
                oldest = clock.now() - timedelta(seconds=PAUSES[min(asked, len(PAUSES) - 1)])
                if seen is None or seen.observed_at < oldest:
                    asked += 1
                    seen = await self._ask(space_id)
            except SpaceportError as error:
                log.info("runtime.not_read", space=space_id, reason=error.message)
                watched.failure = error
                await asyncio.sleep(min(error.retry_after or PAUSES[2], PAUSES[-1]))
                continue
            watched.seen, watched.failure = seen, None
            watched.changed.set()
            watched.changed = asyncio.Event()
            await asyncio.sleep(READ_EVERY)


async def _wait(
    watched: _Watched, wanted: Wanted, since: datetime, deadline: float, gone: Callable[[], Awaitable[bool]]
) -> Outcome:
    standing_since: datetime | None = None
    was_elsewhere = False
    while True:
        seen = watched.seen if watched.seen is not None and watched.seen.observed_at >= since else None
        if seen is not None and wanted.met(seen):
            return Outcome(seen, reached=True)
        if seen is not None and seen.stage in STANDING:
            standing_since = standing_since or seen.observed_at
            if was_elsewhere or seen.observed_at - standing_since >= STANDS_AFTER:
                return Outcome(seen, reached=False, stands=True)
        elif seen is not None:
            standing_since, was_elsewhere = None, True
        left = deadline - asyncio.get_running_loop().time()
        if watched.failure is not None and (left <= 0 or not getattr(watched.failure, "transient", True)):
            raise watched.failure
        if left <= 0 or await gone():
            return Outcome(seen, reached=False)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watched.changed.wait(), min(left, READ_EVERY))
