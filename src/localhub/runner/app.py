"""One running copy of an app, from its start to its end."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from localhub.runner import loopback
from localhub.runner.builds import Image, Mount
from localhub.runner.log import Log
from localhub.runner.process import Process


class StartFailed(Exception):
    """The message is what the Hub would show as the reason."""


class App:
    def __init__(self, port: int, process: Process, log: Log, folder: Path) -> None:
        self.port = port
        self.log = log
        self._process = process
        self._folder = folder

    @classmethod
    async def start(
        cls, image: Image, *, app_port: int, env: dict[str, str], mounts: Sequence[Mount], log: Log, folder: Path
    ) -> "App":
        port = loopback.free_port()
        launch = image.launch(app_port=app_port, port=port, env=env, mounts=mounts)
        process = await Process.start(
            launch.command, folder=launch.folder, env=launch.env, on_line=log.write, uid=launch.uid
        )
        return cls(port, process, log, folder)

    async def ready(self, limit: float) -> None:
        """Returns when it listens. Raises StartFailed when it ends first, or takes longer than `limit` seconds."""
        ended = asyncio.create_task(self._process.wait())
        deadline = time.monotonic() + limit
        try:
            while not await loopback.listens(self.port):
                await asyncio.wait([ended], timeout=0.03)
                if ended.done():
                    raise StartFailed(self.reason(ended.result()))
                if time.monotonic() > deadline:
                    raise StartFailed(f"Launch timed out, workload was not healthy after {_span(limit)}")
        finally:
            ended.cancel()

    async def ended(self) -> int:
        return await self._process.wait()

    def reason(self, code: int) -> str:
        """Why it ended, in the Hub's form: the exit code and the last of what the app wrote."""
        lines = [line for line in self.log.tail(12) if line.strip() and not line.startswith("=====")]
        return f"Exit code: {code}. Reason: " + "\n".join(lines)

    async def stop(self) -> None:
        await self._process.stop()
        self.log.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
