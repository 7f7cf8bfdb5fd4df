"""A Space's live log for any number of viewers: one stream from the Hub per Space and kind, while somebody looks.

A line's id names the log it is of and its number in it. The Hub replays a log from its beginning, and begins a new one
with every build and every start, so that a viewer can go on after an id for as long as that log lasts.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from spaceport import clock
from spaceport.errors import Unavailable
from spaceport.hub import HubFailure, LogLine
from spaceport.runtime import tail
from spaceport.runtime.tail import Look, Position, Tail

MOST_STREAMS = 50
MOST_VIEWERS = 200
JOIN_SECONDS = 0.1
PING_SECONDS = 15.0
# Then the viewer comes again with its last id, and with credentials that are looked at again.
LONGEST_VIEW = 3600.0
# Until the Hub is asked again for a stream that was cut, or for the log of an app that was started again.
_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)

# How long a first look waits: for a line at all, and for another one after it. The Hub never says where what it has
# kept ends, and sends that without a pause.
_FIRST_LINE_WITHIN = 1.0
_SILENCE = 0.3
_LONGEST_LOOK = 4.0
# How long a page waits for the first lines of a log that nobody has looked at yet.
_GLANCE = 0.03
# Whoever has looked mostly begins to follow.
LINGER_SECONDS = 5.0

Open = Callable[[], AsyncIterator[LogLine]]


@dataclass(eq=False)
class _Topic(Tail):
    viewers: int = 0
    pump: asyncio.Task[None] | None = None


class Relay:
    def __init__(self) -> None:
        self._topics: dict[tuple[str, str], _Topic] = {}

    def admit(self, space_id: str, kind: str) -> None:
        """Before an answer begins. Raises Unavailable `too_many_streams`."""
        full = len(self._topics) >= MOST_STREAMS and (space_id, kind) not in self._topics
        if full or sum(topic.viewers for topic in self._topics.values()) >= MOST_VIEWERS:
            raise Unavailable(
                "Too many live logs are open on this process already.",
                code="too_many_streams",
                fix="Read the last lines without the stream, or come back later.",
                retry_after=30,
            )

    async def follow(self, space_id: str, kind: str, open_stream: Open, seen: Position | None) -> AsyncIterator[bytes]:
        """Frames after a position, then what comes, until the log has ended. `open_stream` is used by the first."""
        topic = self._join((space_id, kind), open_stream)
        deadline = asyncio.get_running_loop().time() + LONGEST_VIEW
        try:
            yield b": connected\n\n"
            while asyncio.get_running_loop().time() < deadline:
                changed, closing = topic.changed, topic.closing
                frames, seen = topic.after(seen)
                if frames or closing:
                    yield frames + closing
                if closing:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), PING_SECONDS)
                except TimeoutError:
                    yield b": ping\n\n"
                await asyncio.sleep(JOIN_SECONDS)
        finally:
            self._leave((space_id, kind), topic)

    async def look(self, space_id: str, kind: str, open_stream: Open, *, most: int) -> Look:
        """All that the Hub has now. Who follows from there soon after shares the stream that was opened for it."""
        topic = self._join((space_id, kind), open_stream)
        try:
            patience = _SILENCE if topic.count else _FIRST_LINE_WITHIN
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_LOOK):
                    while not topic.closing and not _up_to_date(topic):
                        await asyncio.wait_for(topic.changed.wait(), patience)
                        patience = _SILENCE
            return topic.look(most)
        finally:
            self._linger((space_id, kind), topic)

    async def glance(self, space_id: str, kind: str, open_stream: Open, *, most: int) -> Look:
        """What has come so far, at once: for who follows from there, or looks again."""
        topic = self._join((space_id, kind), open_stream)
        try:
            if not topic.count:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GLANCE):
                        while not topic.closing:
                            await topic.changed.wait()
            return topic.look(most)
        finally:
            self._linger((space_id, kind), topic)

    def _join(self, key: tuple[str, str], open_stream: Open) -> _Topic:
        topic = self._topics.get(key)
        if topic is None or topic.closing or topic.pump is None or topic.pump.done():
            topic = self._topics[key] = _Topic(key[1])
            topic.pump = asyncio.create_task(_pump(topic, open_stream))
        topic.viewers += 1
        return topic

    def _linger(self, key: tuple[str, str], topic: _Topic) -> None:
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._leave, key, topic)

    def _leave(self, key: tuple[str, str], topic: _Topic) -> None:
        topic.viewers -= 1
        if topic.viewers == 0 and topic.pump is not None:
            topic.pump.cancel()
            if self._topics.get(key) is topic:
                del self._topics[key]


async def _pump(topic: _Topic, open_stream: Open) -> None:
    attempt = 0
    while True:
        pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
        before = topic.count
        try:
            await _read(topic, open_stream)
            if topic.kind == "build":
                topic.close(
                    tail.frame("end", {"reason": "The build is over."}, f"{topic.log or '0' * 12}.{topic.count}.end")
                )
                return
        except HubFailure as failure:
            if not failure.transient:
                said = {"code": failure.code, "detail": failure.message, "fix": failure.fix}
                topic.close(tail.frame("failed", said))
                return
            pause = max(pause, failure.retry_after or 0)
        attempt = 0 if topic.count != before else attempt + 1
        await asyncio.sleep(pause)


async def _read(topic: _Topic, open_stream: Open) -> None:
    number = 0
    async with contextlib.aclosing(open_stream()) as stream:  # type: ignore[type-var]
        async for line in stream:
            number += 1
            if number == 1 and (log := tail.identity(line)) != topic.log:
                topic.begin(log)
            if number > topic.count:
                topic.add(line)


def _up_to_date(topic: _Topic) -> bool:
    """An app that goes on logging is never silent; what it has said just now is the newest that there is."""
    return topic.latest is not None and (clock.now() - topic.latest).total_seconds() < _SILENCE
