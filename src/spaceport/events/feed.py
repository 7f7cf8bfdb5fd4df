"""The live feed: one reader per topic and process, whatever the number of viewers.

The rows are the truth; a notification, or one second without any, only says when to look. A viewer gets ready
bytes, encoded once for all of them, and one that cannot keep up is let go: it resumes from its cursor.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
import structlog

from spaceport.events.record import CHANNEL

log = structlog.get_logger()

JOIN_SECONDS = 0.1
POLL_SECONDS = 1.0
PING_SECONDS = 15.0
_BACKLOG = 64

Cursor = tuple[int, int]


@dataclass(frozen=True)
class Batch:
    """Frames after a cursor, the cursor behind them, and whether nothing will ever follow."""

    frames: bytes
    cursor: Cursor
    ended: bool


class Reader(Protocol):
    """Knows one kind of topic."""

    def read(self, topic: str, cursor: Cursor, upto: Cursor | None) -> Batch:
        """What follows a cursor, up to another one or to the newest."""

    def ahead(self, cursor: Cursor, of: Cursor) -> bool:
        """Whether somebody who stands at `cursor` has seen what one at `of` has not."""


@dataclass(eq=False)
class _Topic:
    cursor: Cursor
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    viewers: set[asyncio.Queue[bytes | None]] = field(default_factory=set)
    pump: asyncio.Task[None] | None = None


class Feed:
    """`readers` are named by the prefix of their topics' ids: `dep` reads `dep_01…`.

    `conninfo` is a direct database address, or None behind a transaction pooler, where nobody can LISTEN.
    """

    def __init__(self, readers: Mapping[str, Reader], conninfo: str | None) -> None:
        self._readers = readers
        self._conninfo = conninfo
        self._topics: dict[str, _Topic] = {}

    async def run(self) -> None:
        """Listen for hints until cancelled, reconnecting for ever: without them the poll still delivers."""
        while self._conninfo is not None:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    async for hint in connection.notifies():
                        for name in hint.payload.split():
                            if topic := self._topics.get(name):
                                topic.woken.set()
            except psycopg.Error as error:
                log.warning("feed.listening_again", reason=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def follow(self, name: str, cursor: Cursor) -> AsyncIterator[bytes]:
        """Everything after the cursor, then what comes, until the topic ends or this viewer falls behind."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=_BACKLOG)
        reader = self._reader(name)
        topic = self._topic(name, cursor)
        try:
            while reader.ahead(cursor, topic.cursor) and topic.pump is not None and not topic.pump.done():
                # The viewer saw more elsewhere than our pump has read: it has to catch up first.
                topic.woken.set()
                await asyncio.sleep(JOIN_SECONDS)
            # From here on the queue brings everything behind `upto`; what lies before it is read once.
            upto = topic.cursor
            topic.viewers.add(queue)
            if topic.pump is not None and topic.pump.done():
                # It ended while we waited for it, and told only those who were there.
                queue.put_nowait(None)
            yield b": connected\n\n"
            while reader.ahead(upto, cursor):
                batch = await asyncio.to_thread(reader.read, name, cursor, upto)
                if not batch.frames:
                    break
                cursor = batch.cursor
                yield batch.frames
            async for frames in _queued(queue):
                yield frames
        finally:
            self._leave(name, topic, queue)

    def _reader(self, name: str) -> Reader:
        return self._readers[name.partition("_")[0]]

    def _topic(self, name: str, cursor: Cursor) -> _Topic:
        """The running topic, or a new one that begins where its first viewer stands."""
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(cursor)
            topic.woken.set()
            topic.pump = asyncio.create_task(self._pump(name, topic))
        return topic

    def _leave(self, name: str, topic: _Topic, queue: asyncio.Queue[bytes | None]) -> None:
        topic.viewers.discard(queue)
        if not topic.viewers and topic.pump is not None and self._topics.get(name) is topic:
            del self._topics[name]
            topic.pump.cancel()

    async def _pump(self, name: str, topic: _Topic) -> None:
        ended = False
        while not ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(topic.woken.wait(), POLL_SECONDS)
            await asyncio.sleep(JOIN_SECONDS)
            topic.woken.clear()
            try:
                batch = await asyncio.to_thread(self._reader(name).read, name, topic.cursor, None)
            except Exception as error:  # noqa: BLE001 - an outage of the database must not end the stream
                log.warning("feed.reading_again", reason=type(error).__name__)
                continue
            topic.cursor, ended = batch.cursor, batch.ended
            if batch.frames:
                self._deliver(topic, batch.frames)
        if self._topics.get(name) is topic:
            del self._topics[name]
        self._deliver(topic, None)

    @staticmethod
    def _deliver(topic: _Topic, frames: bytes | None) -> None:
        for queue in list(topic.viewers):
            if queue.full():
                # Emptied, so that the end gets in: this viewer resumes from its cursor.
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
                topic.viewers.discard(queue)
            else:
                queue.put_nowait(frames)


async def _queued(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while True:
        try:
            frames = await asyncio.wait_for(queue.get(), PING_SECONDS)
        except TimeoutError:
            frames = b": ping\n\n"
        if frames is None:
            return
        yield frames
