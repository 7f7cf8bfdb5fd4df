"""One command under a keeper, its output handed on line by line."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from localhub.spawn import spawn

KEEPER = Path(__file__).with_name("keeper.py")
GRACE = 5.0
LONGEST_LINE = 16_384


class Process:
    def __init__(self, child: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
        self._child = child
        self._output = asyncio.create_task(self._read(on_line))

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        folder: Path,
        env: dict[str, str],
        on_line: Callable[[str], None],
        uid: int | None = None,
    ) -> "Process":
        """`uid` is whom it runs as, for a localhub that may choose; None is localhub's own."""
        who = "-" if uid is None else str(uid)
        child = await spawn(
            *(sys.executable, "-I", "-S", str(KEEPER), str(GRACE), who, str(folder), *command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
        return cls(child, on_line)

    @property
    def pid(self) -> int:
        """Of the keeper, whose child the command is."""
        return self._child.pid

    async def wait(self) -> int:
        """The exit code, once everything it wrote was read."""
        code = await self._child.wait()
        # A grandchild that left the group may hold the pipe open for ever; its output is not worth a wait.
        await asyncio.wait([self._output], timeout=1)
        return code

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL. Returns when it is gone."""
        if self._child.stdin:
            self._child.stdin.close()
        await self.wait()
        self._output.cancel()

    async def _read(self, on_line: Callable[[str], None]) -> None:
        assert self._child.stdout
        rest = b""
        while chunk := await self._child.stdout.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace").rstrip("\r"))
            if len(rest) > LONGEST_LINE:
                on_line(rest.decode(errors="replace"))
                rest = b""
        if rest:
            on_line(rest.decode(errors="replace"))


async def run(
    command: Sequence[str],
    *,
    folder: Path,
    env: dict[str, str],
    on_line: Callable[[str], None],
    uid: int | None = None,
) -> int:
    """Runs a command to its end. Cancelling ends the command too."""
    process = await Process.start(command, folder=folder, env=env, on_line=on_line, uid=uid)
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await process.stop()
        raise
