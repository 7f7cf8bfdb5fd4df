"""A log that can be replayed from its start and followed while it grows: one file of JSON lines."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from localhub import clock

LARGEST = 32 * 1024 * 1024
TAIL, LONG_ENTRY = 256 * 1024, 32 * 1024


class Log:
    """Begun anew by each build or start; whoever still reads the one before then reaches its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._size = 0
        self._changed = asyncio.Event()

    def begin(self) -> None:
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._file = self._path.open("xb", buffering=0)
        self._size = 0

    def write(self, line: str) -> None:
        """A line written after the end, or beyond the largest size, is dropped."""
        if self._file is None or self._size > LARGEST:
            return
        entry = json.dumps({"data": line + "\n", "timestamp": clock.now()}).encode() + b"\n"
        self._size += self._file.write(entry)
        self._wake()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
            self._wake()

    def tail(self, count: int) -> list[str]:
        """The last lines, as far as they are in the last of the file."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            cut = max(0, file.seek(0, os.SEEK_END) - min(TAIL, count * LONG_ENTRY))
            file.seek(cut)
            lines = file.read().splitlines()[1 if cut else 0 :]
        return [json.loads(line)["data"].rstrip("\n") for line in lines[-count:]]

    async def follow(self, tail: int | None, keep_alive: float) -> AsyncIterator[bytes]:
        """JSON entries from the start (or the last `tail` so far), and `b""` after each `keep_alive` of silence."""
        if not self._path.exists():
            return
        with self._path.open("rb") as reader:
            if tail is not None:
                lines = reader.readlines()
                for line in lines[-tail:]:
                    yield line.rstrip(b"\n")
            while True:
                changed, file = self._changed, self._file
                for line in reader:
                    yield line.rstrip(b"\n")
                if file is None or file is not self._file or file.closed:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), keep_alive)
                except TimeoutError:
                    yield b""

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
