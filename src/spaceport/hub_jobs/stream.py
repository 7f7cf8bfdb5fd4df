"""A Hub job's log as server-sent events, passed on line by line and kept nowhere.

A frame's id is the number of its line: the Hub replays a log identically from its beginning (its contract, section
6.4), so a viewer who comes back is spared as many lines as it has seen.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from spaceport.errors import SpaceportError, Unavailable
from spaceport.hub import JobInfo, LogLine
from spaceport.hub_jobs.place import Place

# Each open stream is a connection to the Hub; past this a viewer is asked to come back.
MOST_STREAMS = 64
# Then the viewer connects again by itself, with where it stands.
LONGEST = 3600.0
END = "end"
_PING = 15.0
_AGAIN_MS = 5000
_ID = re.compile(r"[0-9]{1,12}")
_places = asyncio.Semaphore(MOST_STREAMS)


def seen(last_event_id: str | None) -> int:
    """Lines that a viewer has; none for an id that is not ours."""
    return int(last_event_id) if last_event_id and _ID.fullmatch(last_event_id) else 0


def check_room() -> None:
    """Raises Unavailable while too many logs are followed in this process."""
    if _places.locked():
        raise Unavailable(
            f"{MOST_STREAMS} logs of Hub jobs are being followed already.",
            code="too_many_streams",
            fix="Come back in a moment.",
            retry_after=_AGAIN_MS / 1000,
        )


async def frames(place: Place, job: JobInfo, *, after: int) -> AsyncIterator[bytes]:
    """Lines after the first `after`; a last event `end` once the job has ended, `problem` when the Hub fails.

    Without either, the viewer is to connect again: the stream was open for long, or the Hub closed its own early.
    """
    async with _places:
        yield f"retry: {_AGAIN_MS}\n\n".encode()
        until = asyncio.get_running_loop().time() + LONGEST
        try:
            async with aclosing(_lines(place, job, after)) as lines:
                async for frame in lines:
                    yield frame
                    if asyncio.get_running_loop().time() > until:
                        return
            if not job.status.final:
                job = await asyncio.to_thread(place.jobs.get, place.namespace, job.id)
        except SpaceportError as error:
            yield _frame("problem", {"code": error.code, "detail": error.message, "fix": error.fix})
            return
        if job.status.final:
            yield _frame("end", job.status.model_dump(mode="json"), id=END)


async def _lines(place: Place, job: JobInfo, after: int) -> AsyncGenerator[bytes]:
    number = 0
    async with aclosing(_with_pauses(place.jobs.follow_log(place.namespace, job.id))) as lines:
        async for line in lines:
            if line is None:
                yield b": ping\n\n"
                continue
            number += 1
            if number > after:
                data = {"seq": number, "at": line.at.isoformat(), "line": line.text}
                yield _frame("log", data, id=str(number))


async def _with_pauses(lines: AsyncGenerator[LogLine]) -> AsyncGenerator[LogLine | None]:
    """The lines, and None whenever none has come for a while."""
    coming = asyncio.ensure_future(anext(lines, None))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=_PING)
            if not done:
                yield None
                continue
            if (line := coming.result()) is None:
                return
            yield line
            coming = asyncio.ensure_future(anext(lines, None))
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await lines.aclose()


def _frame(event: str, data: dict[str, Any], *, id: str | None = None) -> bytes:  # noqa: A002 - the field's name
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
