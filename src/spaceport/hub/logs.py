"""The Hub's log streams (its contract, section 6.4): SSE frames `data: {"data": …, "timestamp": …}`.

Read here rather than through the library because a worker must be able to stop reading at any moment,
and a blocked thread cannot be stopped.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import httpx

from spaceport.hub.budget import Meter
from spaceport.hub.failures import HubFailure, retry_after
from spaceport.hub.model import LogLine

# A keep-alive comes more often than this; silence beyond it means a dead connection.
_TIMEOUT = httpx.Timeout(120, connect=10)
_MAX_FRAME = 1_000_000
# The Hub sends what there is at once and then waits for more: it never says where the history ends.
_FIRST_LINE_WITHIN = 5.0
_SILENCE = 1.0
_LONGEST = 8.0


async def follow(
    url: str, token: str, meter: Meter | None, *, params: dict[str, int] | None = None
) -> AsyncGenerator[LogLine]:
    """Yield lines until the stream ends. Raises HubFailure; one that is cut in the middle is transient."""
    if meter is not None:
        await asyncio.to_thread(meter.admit)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT) as client,
            client.stream("GET", url, headers=headers, params=params) as answer,
        ):
            if meter is not None:
                await asyncio.to_thread(meter.observe, answer.headers)
            if answer.status_code != httpx.codes.OK:
                raise HubFailure(answer.status_code, await _said(answer), retry_after(answer.headers))
            async for line in answer.aiter_lines():
                if line.startswith("data: {") and len(line) < _MAX_FRAME:
                    yield _parse(line[6:])
    except httpx.HTTPError as error:
        raise HubFailure(0, f"log stream: {type(error).__name__}") from error


async def last(url: str, token: str, meter: Meter | None, count: int) -> list[LogLine]:
    """The last lines that there are now: up to the end, to a second of silence, or of what comes in eight seconds."""
    lines: deque[LogLine] = deque(maxlen=count)
    async with aclosing(follow(url, token, meter, params={"tail": count})) as stream:
        with suppress(StopAsyncIteration, TimeoutError):
            async with asyncio.timeout(_LONGEST):
                lines.append(await asyncio.wait_for(anext(stream), _FIRST_LINE_WITHIN))
                while True:
                    lines.append(await asyncio.wait_for(anext(stream), _SILENCE))
    return list(lines)


async def _said(answer: httpx.Response) -> str:
    body = await answer.aread()
    try:
        return str(json.loads(body)["error"])[:500]
    except (ValueError, KeyError, TypeError):
        return ""


def _parse(data: str) -> LogLine:
    try:
        frame = json.loads(data)
        at = datetime.fromisoformat(frame["timestamp"])
        return LogLine(at if at.tzinfo else at.replace(tzinfo=UTC), str(frame["data"]).rstrip("\n"))
    except (ValueError, KeyError, TypeError):
        return LogLine(datetime.now(UTC), data)
