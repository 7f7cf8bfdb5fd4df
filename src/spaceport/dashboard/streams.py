"""Server-sent events for pages. A stream ends after a while: who comes again is asked again who they are."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from fastapi.responses import StreamingResponse

from spaceport.accounts.caller import Caller
from spaceport.events.feed import Feed
from spaceport.instance import Instance

_LONGEST = 15 * 60.0
_PING = 15.0
# Of a storm of events a page needs to know only that there was one.
_JOIN = 1.0


def answer(instance: Instance, caller: Caller, frames: AsyncIterator[bytes]) -> StreamingResponse:
    """Raises RateLimited `too_many_streams`."""
    return StreamingResponse(
        _for_a_while(instance.viewers.watch(caller.user_id, frames)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def changes(feed: Feed, topics: Sequence[tuple[str, tuple[int, int]]]) -> AsyncGenerator[bytes]:
    """`changed`, at once and whenever something has happened in one of these topics after its cursor."""
    happened = asyncio.Event()
    followers = [asyncio.create_task(_follow(feed, topic, cursor, happened)) for topic, cursor in topics]
    try:
        while True:
            yield b"event: changed\ndata: \n\n"
            await asyncio.sleep(_JOIN)
            while not await _set_within(happened, _PING):
                yield b": ping\n\n"
            happened.clear()
    finally:
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)


async def _follow(feed: Feed, topic: str, cursor: tuple[int, int], happened: asyncio.Event) -> None:
    async for frames in feed.follow(topic, cursor):
        if not frames.startswith(b":"):
            happened.set()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def _for_a_while(frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST):
            async for frame in frames:
                yield frame
