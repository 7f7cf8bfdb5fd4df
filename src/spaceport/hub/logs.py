"""The Hub's log streams (its contract, section 6.4): SSE frames `data: {"data": …, "timestamp": …}`.

Read here rather than through the library because a worker must be able to stop reading at any moment,
and a blocked thread cannot be stopped.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx

from spaceport.hub.budget import Meter
from spaceport.hub.failures import HubFailure, retry_after
from spaceport.hub.model import LogLine

# A keep-alive comes more often than this; silence beyond it means a dead connection.
_TIMEOUT = httpx.Timeout(120, connect=10)
_MAX_FRAME = 1_000_000


async def follow(url: str, token: str, meter: Meter | None) -> AsyncIterator[LogLine]:
    """Yield lines until the stream ends. Raises HubFailure; one that is cut in the middle is transient."""
    if meter is not None:
        await asyncio.to_thread(meter.admit)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if meter is not None:
                await asyncio.to_thread(meter.observe, answer.headers)
            if answer.status_code != httpx.codes.OK:
                raise HubFailure(answer.status_code, "", retry_after(answer.headers))
            async for line in answer.aiter_lines():
                if line.startswith("data: {") and len(line) < _MAX_FRAME:
                    yield _parse(line[6:])
    except httpx.HTTPError as error:
        raise HubFailure(0, f"log stream: {type(error).__name__}") from error


def _parse(data: str) -> LogLine:
    try:
        frame = json.loads(data)
        at = datetime.fromisoformat(frame["timestamp"])
        return LogLine(at if at.tzinfo else at.replace(tzinfo=UTC), str(frame["data"]).rstrip("\n"))
    except (ValueError, KeyError, TypeError):
        return LogLine(datetime.now(UTC), data)
