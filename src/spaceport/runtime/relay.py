"""A Space's live log for any number of viewers: one stream from the Hub per Space and kind, while somebody looks.

A line's id names the log it is of and its number in it. The Hub replays a log from its beginning, and begins a new one
with every build and every start, so that a viewer can go on after an id for as long as that log lasts.
"""

import asyncio
import contextlib
import hashlib
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from spaceport.errors import Unavailable
from spaceport.hub import HubFailure, LogLine
from spaceport.runtime import lines

MOST_STREAMS = 50
MOST_VIEWERS = 200
KEPT_LINES = 5_000
KEPT_BYTES = 4_000_000
JOIN_SECONDS = 0.1
PING_SECONDS = 15.0
# Then the viewer comes again with its last id, and with credentials that are looked at again.
LONGEST_VIEW = 3600.0
# Until the Hub is asked again for a stream that was cut, or for the log of an app that was started again.
_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
_ID = re.compile(r"([0-9a-f]{12})\.([0-9]{1,9})(\.end)?")

Open = Callable[[], AsyncIterator[LogLine]]


@dataclass(frozen=True)
class Position:
    """The last line that a viewer has; `ended` when it has also seen that none will follow."""

    log: str
    line: int
    ended: bool = False

    @classmethod
    def parse(cls, text: str | None) -> "Position | None":
        """From a `Last-Event-ID`; None, which is the beginning, for anything else."""
        found = _ID.fullmatch(text or "")
        return cls(found[1], int(found[2]), bool(found[3])) if found else None


@dataclass(eq=False)
class _Topic:
    """The newest lines of the log that is read now. Its lines are numbered from 1."""

    kind: str
    log: str = ""
    count: int = 0
    frames: deque[bytes] = field(default_factory=deque)
    size: int = 0
    closing: bytes = b""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    viewers: int = 0
    pump: asyncio.Task[None] | None = None

    def begin(self, log: str) -> None:
        self.log, self.count, self.size = log, 0, 0
        self.frames.clear()

    def add(self, line: LogLine) -> None:
        self.count += 1
        data = {"seq": self.count, "kind": self.kind, "at": line.at.isoformat(), "line": lines.clean(line.text)}
        frame = _frame("log", data, f"{self.log}.{self.count}")
        self.frames.append(frame)
        self.size += len(frame)
        while len(self.frames) > KEPT_LINES or self.size > KEPT_BYTES:
            self.size -= len(self.frames.popleft())
        self.wake()

    def close(self, frame: bytes) -> None:
        """Nothing will follow, and why."""
        self.closing = frame
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def after(self, seen: Position | None) -> tuple[bytes, Position | None]:
        """What a viewer does not have yet, and where it stands then."""
        if not self.log:
            return b"", seen
        told = b""
        if seen is not None and seen.log != self.log:
            told, seen = _frame("restarted", {"reason": "This is another log: a new build or start."}), None
        have = seen.line if seen else 0
        oldest = self.count - len(self.frames)
        if have < oldest:
            told += _frame("gap", {"missing": oldest - have, "reason": "These lines are not kept any more."})
        fresh = list(self.frames)[max(0, have - oldest) :]
        return told + b"".join(fresh), Position(self.log, max(have, self.count))


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

    def _join(self, key: tuple[str, str], open_stream: Open) -> _Topic:
        topic = self._topics.get(key)
        if topic is None or topic.closing:
            topic = self._topics[key] = _Topic(key[1])
            topic.pump = asyncio.create_task(_pump(topic, open_stream))
        topic.viewers += 1
        return topic

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
                    _frame("end", {"reason": "The build is over."}, f"{topic.log or '0' * 12}.{topic.count}.end")
                )
                return
        except HubFailure as failure:
            if not failure.transient:
                said = {"code": failure.code, "detail": failure.message, "fix": failure.fix}
                topic.close(_frame("failed", said))
                return
            pause = max(pause, failure.retry_after or 0)
        attempt = 0 if topic.count != before else attempt + 1
        await asyncio.sleep(pause)


async def _read(topic: _Topic, open_stream: Open) -> None:
    number = 0
    async with contextlib.aclosing(open_stream()) as stream:  # type: ignore[type-var]
        async for line in stream:
            number += 1
            if number == 1 and (log := _identity(line)) != topic.log:
                topic.begin(log)
            if number > topic.count:
                topic.add(line)


def _identity(first: LogLine) -> str:
    return hashlib.sha256(f"{first.at.isoformat()} {first.text}".encode()).hexdigest()[:12]


def _frame(event: str, data: dict[str, Any], frame_id: str | None = None) -> bytes:
    identified = f"id: {frame_id}\n" if frame_id else ""
    return f"{identified}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
