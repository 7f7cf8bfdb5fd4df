"""The newest lines of a log as frames for viewers, and where each of them stands in it.

A line's id names the log it is of and its number in it.
"""

import asyncio
import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spaceport.hub import LogLine
from spaceport.runtime import lines

KEPT_LINES = 5_000
KEPT_BYTES = 4_000_000

_ID = re.compile(r"([0-9a-f]{12})\.([0-9]{1,9})(\.end)?")


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


@dataclass(frozen=True)
class Look:
    """The newest lines of a log, oldest first, and the position from which to follow it; None before any line.

    `left_out` came before them. `ended`: no line will follow. `failed` is what the Hub said instead.
    """

    lines: list[LogLine]
    left_out: int
    position: str | None
    ended: bool
    failed: str | None


@dataclass(eq=False)
class Tail:
    """The newest lines of the log that is read now. Its lines are numbered from 1."""

    kind: str
    log: str = ""
    count: int = 0
    frames: deque[bytes] = field(default_factory=deque)
    size: int = 0
    closing: bytes = b""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    latest: datetime | None = None

    def begin(self, log: str) -> None:
        self.log, self.count, self.size = log, 0, 0
        self.frames.clear()

    def add(self, line: LogLine) -> None:
        self.count += 1
        data = {"seq": self.count, "kind": self.kind, "at": line.at.isoformat(), "line": lines.clean(line.text)}
        made = frame("log", data, f"{self.log}.{self.count}")
        self.frames.append(made)
        self.latest = line.at
        self.size += len(made)
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

    def look(self, most: int) -> Look:
        newest = list(self.frames)[-most:]
        closing = _data(self.closing) if self.closing else {}
        return Look(
            lines=[LogLine(datetime.fromisoformat(data["at"]), data["line"]) for data in map(_data, newest)],
            left_out=self.count - len(newest),
            position=f"{self.log}.{self.count}" if self.log else None,
            ended=bool(closing),
            failed=f"{closing['detail']} {closing['fix']}".strip() if "detail" in closing else None,
        )

    def after(self, seen: Position | None) -> tuple[bytes, Position | None]:
        """What a viewer does not have yet, and where it stands then."""
        if not self.log:
            return b"", seen
        told = b""
        if seen is not None and seen.log != self.log:
            told, seen = frame("restarted", {"reason": "This is another log: a new build or start."}), None
        have = seen.line if seen else 0
        oldest = self.count - len(self.frames)
        if have < oldest:
            told += frame("gap", {"missing": oldest - have, "reason": "These lines are not kept any more."})
        fresh = list(self.frames)[max(0, have - oldest) :]
        return told + b"".join(fresh), Position(self.log, max(have, self.count))


def frame(event: str, data: dict[str, Any], frame_id: str | None = None) -> bytes:
    identified = f"id: {frame_id}\n" if frame_id else ""
    return f"{identified}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def identity(first: LogLine) -> str:
    return hashlib.sha256(f"{first.at.isoformat()} {first.text}".encode()).hexdigest()[:12]


def _data(frame: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(frame.partition(b"\ndata: ")[2])
    return found
