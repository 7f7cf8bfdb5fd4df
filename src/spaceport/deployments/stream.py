"""Recording a Hub log stream while it lasts, in bunches, so that a chatty build costs few transactions."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from spaceport.deployments.log import Position
from spaceport.deployments.step import Step
from spaceport.hub import LogLine

_BUNCH_SECONDS = 0.25
_BUNCH_LINES = 500


async def record(step: Step, kind: str, position: Position, *, limit: float) -> int:
    """As `store`, with the lines of the Space's `build` or `run` log."""
    return await store(step, kind, step.hub.follow_log(step.repo_id, kind), position, limit=limit)


async def store(step: Step, name: str, lines: AsyncIterator[LogLine], position: Position, *, limit: float) -> int:
    """Store new lines for at most `limit` seconds, as those of the step `name`; returns how many were new.

    Raises HubFailure when the stream cannot be opened or is cut; the lines before that are stored.
    """
    position.rewind()
    total = 0
    async with aclosing(_bunches(lines, limit)) as bunches:
        async for bunch in bunches:
            if new := [line for line in bunch if position.admit(line)]:
                await step.log(name, new, position.recorded())
                total += len(new)
    return total


async def _bunches(lines: AsyncIterator[LogLine], limit: float) -> AsyncGenerator[list[LogLine]]:
    """Lines in bunches until the stream ends or `limit` seconds have passed. The reader stops with the consumer."""
    queue: asyncio.Queue[LogLine | None] = asyncio.Queue(maxsize=10_000)
    reader = asyncio.create_task(_read(lines, queue))
    deadline = asyncio.get_running_loop().time() + limit
    try:
        ended = False
        while not ended:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            bunch, ended = await _bunch(queue, min(left, _BUNCH_SECONDS))
            if bunch:
                yield bunch
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _read(lines: AsyncIterator[LogLine], queue: asyncio.Queue[LogLine | None]) -> None:
    try:
        async for line in lines:
            await queue.put(line)
    except Exception:
        await queue.put(None)
        raise
    await queue.put(None)


async def _bunch(queue: asyncio.Queue[LogLine | None], seconds: float) -> tuple[list[LogLine], bool]:
    """What arrives within `seconds`, at most a bunch full, and whether the stream has ended."""
    bunch: list[LogLine] = []
    try:
        async with asyncio.timeout(seconds):
            while len(bunch) < _BUNCH_LINES:
                line = await queue.get()
                if line is None:
                    return bunch, True
                bunch.append(line)
    except TimeoutError:
        pass
    return bunch, False
