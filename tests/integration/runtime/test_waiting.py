"""Waiting for a stage: whose look at the Hub it takes, when it ends, and how many may."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from spaceport import clock
from spaceport.errors import Unavailable
from spaceport.hub import HubFailure
from spaceport.runtime import waiting
from spaceport.runtime.model import Observation
from spaceport.runtime.waiting import Outcome, Waiting, Wanted

RUNNING = Wanted("RUNNING")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "READ_EVERY", 0.01)


class Space:
    """What the database has of it, and what the Hub would say."""

    def __init__(self, stored: str | None, on_hub: str = "BUILDING") -> None:
        self.stored = self._seen(stored) if stored else None
        self.on_hub: list[str] = [on_hub]
        self.failure: HubFailure | None = None
        self.asked = 0
        self.reads = 0
        self._touched = asyncio.Event()

    async def has(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not happened():
                self._touched.clear()
                await self._touched.wait()

    def _seen(self, stage: str) -> Observation:
        return Observation(space_id="space_1", stage=stage, runtime_sha="abc", observed_at=clock.now())

    def observe(self, stage: str) -> None:
        """By somebody else."""
        self.stored = self._seen(stage)

    async def read(self, _: str) -> Observation | None:
        self.reads += 1
        self._touched.set()
        return self.stored

    async def ask(self, _: str) -> Observation:
        self.asked += 1
        self._touched.set()
        if self.failure is not None:
            raise self.failure
        self.stored = self._seen(self.on_hub.pop(0) if len(self.on_hub) > 1 else self.on_hub[0])
        return self.stored


async def until(
    space: Space,
    wanted: Wanted = RUNNING,
    *,
    within: float = 5,
    since: datetime | None = None,
    shared: Waiting | None = None,
) -> Outcome:
    async def there() -> bool:
        return False

    shared = shared or Waiting(space.read, space.ask)
    since = since or clock.now() - timedelta(seconds=5)
    return await shared.until("space_1", wanted, since=since, within=within, gone=there)


async def test_what_somebody_else_observed_costs_no_call() -> None:
    space = Space("BUILDING")
    waiter = asyncio.create_task(until(space))
    await space.has(lambda: space.reads >= 2)
    space.observe("RUNNING")
    assert (await waiter).reached
    assert space.asked == 0


async def test_the_hub_is_asked_when_nobody_else_did_and_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSES", (0.0, 0.05, 0.2))
    space = Space(None)
    assert not (await until(space, within=1)).reached
    assert 4 <= space.asked <= 7


async def test_what_was_observed_before_does_not_count() -> None:
    space = Space("RUNNING")
    outcome = await until(space, within=0.1, since=clock.now() + timedelta(seconds=60))
    assert not outcome.reached


async def test_many_who_wait_for_one_space_share_its_looks() -> None:
    space = Space("BUILDING")
    shared = Waiting(space.read, space.ask)
    waiters = [asyncio.create_task(until(space, shared=shared)) for _ in range(50)]
    await space.has(lambda: space.reads >= 3)
    reads = space.reads
    space.observe("RUNNING")
    assert all(outcome.reached for outcome in await asyncio.gather(*waiters))
    assert space.reads - reads < 10


async def test_an_error_left_over_is_waited_out_and_one_that_comes_is_believed() -> None:
    space = Space("BUILD_ERROR")
    waiter = asyncio.create_task(until(space))
    await space.has(lambda: space.reads >= 3)
    assert not waiter.done()
    space.observe("BUILDING")
    reads = space.reads
    await space.has(lambda: space.reads >= reads + 3)
    space.observe("BUILD_ERROR")
    outcome = await waiter
    assert (outcome.reached, outcome.stands) == (False, True)


async def test_an_error_that_stands_is_believed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "STANDS_AFTER", timedelta(seconds=0.05))
    monkeypatch.setattr(waiting, "PAUSES", (0.0,))
    assert (await until(Space(None, on_hub="RUNTIME_ERROR"))).stands


async def test_a_refusal_of_the_hub_ends_the_wait_and_an_outage_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSES", (0.0, 0.0, 0.0))
    space = Space(None, on_hub="RUNNING")
    space.failure = HubFailure(401)
    with pytest.raises(HubFailure):
        await until(space)
    space.failure = HubFailure(503)
    waiter = asyncio.create_task(until(space))
    await space.has(lambda: space.asked >= 3)
    space.failure = None
    assert (await waiter).reached


async def test_there_is_a_most_of_waiters_and_who_leaves_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_WAITERS", 1)
    space = Space("BUILDING")
    shared = Waiting(space.read, space.ask)
    first = asyncio.create_task(until(space, shared=shared))
    await space.has(lambda: space.reads >= 1)
    with pytest.raises(Unavailable):
        await until(space, shared=shared)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    space.observe("RUNNING")
    assert (await until(space, shared=shared)).reached


async def test_a_caller_who_has_gone_is_not_waited_for() -> None:
    space = Space("BUILDING")

    async def away() -> bool:
        return True

    shared = Waiting(space.read, space.ask)
    outcome = await shared.until("space_1", RUNNING, since=clock.now(), within=60, gone=away)
    assert not outcome.reached
