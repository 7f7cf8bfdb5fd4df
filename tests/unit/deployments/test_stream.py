import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from spaceport.deployments import stream
from spaceport.hub import HubFailure, LogLine

AT = datetime(2026, 1, 1, tzinfo=UTC)


async def lines(count: int, then: Exception | None = None) -> AsyncIterator[LogLine]:
    for number in range(count):
        yield LogLine(AT, str(number))
    if then is not None:
        raise then


async def collected(source: AsyncIterator[LogLine], limit: float = 60, *, slow: bool = False) -> list[str]:
    got = []
    async for bunch in stream._bunches(source, limit):
        got += [line.text for line in bunch]
        if slow:
            # Long enough for the reader to fill the queue to its brim.
            for _ in range(20_000):
                await asyncio.sleep(0)
    return got


@pytest.mark.parametrize("count", [0, 1, 500, 501, 10_000, 25_000])
async def test_every_line_arrives_once_and_the_end_ends_it(count: int) -> None:
    async with asyncio.timeout(10):
        assert await collected(lines(count)) == [str(number) for number in range(count)]


async def test_the_end_is_not_lost_behind_a_full_queue() -> None:
    # The reader is ahead by exactly what the queue holds when the stream ends.
    async with asyncio.timeout(20):
        assert len(await collected(lines(10_500), slow=True)) == 10_500


async def test_a_cut_comes_after_the_lines_before_it() -> None:
    bunches = stream._bunches(lines(3, then=HubFailure(0, "cut")), 60)
    assert [line.text for line in await anext(bunches)] == ["0", "1", "2"]
    with pytest.raises(HubFailure):
        await anext(bunches)


async def test_a_silent_stream_is_left_at_the_limit_and_closed() -> None:
    closed = asyncio.Event()

    async def silent() -> AsyncIterator[LogLine]:
        yield LogLine(AT, "one")
        try:
            await asyncio.sleep(3600)
        finally:
            closed.set()

    assert await collected(silent(), limit=0.3) == ["one"]
    assert closed.is_set()


async def test_whoever_stops_reading_stops_the_reader() -> None:
    async with aclosing(stream._bunches(lines(100_000), 60)) as bunches:
        await anext(bunches)
    assert asyncio.all_tasks() == {asyncio.current_task()}
