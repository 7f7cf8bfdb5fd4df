"""Server-sent events at the door."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

from fastapi.responses import StreamingResponse

from spaceport import clock
from spaceport.accounts.tokens import Claims
from spaceport.instance import Instance


class EventStream(StreamingResponse):
    """For `response_class`, so that the document says what comes."""

    media_type = "text/event-stream"


def event_stream(instance: Instance, claims: Claims, frames: AsyncIterator[bytes]) -> EventStream:
    """Open as long as the access token is good: who reconnects is asked again whether they may see this.

    Raises RateLimited `too_many_streams`.
    """
    watched = instance.viewers.watch(claims.user_id, frames)
    return EventStream(_until(claims, watched), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


async def _until(claims: Claims, frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout((claims.expires_at - clock.now()).total_seconds()):
            async for frame in frames:
                yield frame
