"""`localhub run FOLDER`: a Space from a folder, built again whenever the folder changes."""

import asyncio
import json
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click
import httpx
import uvicorn
from watchfiles import awatch

from localhub import data
from localhub.config import OWNER, TOKEN
from localhub.git import snapshot
from localhub.git.run import GitError
from localhub.hub import Hub
from localhub.runner import bench
from localhub.runner.log import Log
from localhub.server import Announced
from localhub.spaces import readme
from localhub.spaces.model import Space


class Preview(Announced):
    """A server that holds one Space and looks after it."""

    def __init__(self, config: uvicorn.Config, hub: Hub, folder: Path, settings: dict[str, Any], *, once: bool) -> None:
        """`settings` are further keys of the request that creates the Space: variables, secrets."""
        super().__init__(config, hub.address)
        self.failed = False
        self._hub = hub
        self._folder = folder
        self._settings = settings
        self._once = once
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begin(self._work())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await super().shutdown(sockets)

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self) -> None:
        space = await self._create()
        supervisor = self._hub.runner.of(space)
        started = supervisor.run_log
        await self._push(space)
        await self._report(space, started)
        if self._once and space.stage != "RUNNING":
            self.failed = self.should_exit = True
        if self._once:
            return
        click.echo(f"localhub: watching {self._folder}")
        async for _ in self._changes():
            started = supervisor.run_log
            if await self._push(space):
                self._begin(self._report(space, started))

    async def _changes(self) -> AsyncIterator[None]:
        # The first time without one: a file may have changed before the watch began.
        first = True
        async for changes in awatch(self._folder, yield_on_timeout=True, rust_timeout=1000):
            if changes or first:
                first = False
                yield

    async def _create(self) -> Space:
        name = space_name(self._folder)
        wanted = {"type": "space", "organization": OWNER, "name": name, "sdk": sdk_of(self._folder)} | self._settings
        async with httpx.AsyncClient(base_url=self._hub.address, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            answer = await client.post("/api/repos/create", json=wanted, headers=headers)
        space = self._hub.store.find(f"{OWNER}/{name}")
        if space is None:
            raise RuntimeError(answer.text)
        return space

    async def _report(self, space: Space, started: Log) -> None:
        """Shows the build, what the app says, and how it ended; `started` is the log of the app before."""
        supervisor = self._hub.runner.of(space)
        build = supervisor.build_log
        await _print(build)
        if supervisor.run_log is not started:
            self._begin(_print(supervisor.run_log))
        await supervisor.settle()
        if supervisor.build_log is not build:
            return  # Replaced by a newer one, which tells its own end.
        if space.stage == "RUNNING":
            click.echo(f"localhub: running on http://{self._hub.config.host}:{space.port}")
        else:
            missing = f"there is no {bench.app_file(space.sdk, space.card)}" if space.stage == "NO_APP_FILE" else ""
            click.echo(f"localhub: {space.stage} {space.error or missing}")

    async def _push(self, space: Space) -> bool:
        """Whether the folder differed from what is there."""
        repository = self._hub.runner.workshop.repository(space)
        async with self._hub.changing(space):
            old = space.head
            try:
                new = await asyncio.to_thread(snapshot.take, repository, self._folder, old, OWNER)
            except GitError as error:
                click.echo(f"localhub: {error}")
                return False
            if new:
                await self._hub.moved(space, "refs/heads/main", old, new)
        return bool(new)


async def _print(log: Log) -> None:
    async for entry in log.follow(None, 3600):
        if entry:
            click.echo(json.loads(entry)["data"], nl=False)


def begin(folder: Path) -> Path:
    """The data folder for previews of this folder: of the last one only what was installed is left.

    Raises click.ClickException while another preview of the folder is going on.
    """
    place = cache_folder(folder)
    try:
        data.hold(place)
    except data.InUse as error:
        raise click.ClickException(f"{folder} is being run already") from error
    for path in place.iterdir():
        if path.name not in {"lock", "venvs", "pip-cache"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return place


def space_name(folder: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")
    return name[:90] or "space"


def sdk_of(folder: Path) -> str:
    """What the README says, or what the files look like."""
    file = folder / "README.md"
    try:
        card = readme.front_matter(file.read_text(errors="replace")) if file.exists() else {}
    except readme.ReadmeError:
        card = {}
    if card.get("sdk") in readme.SDKS:
        return str(card["sdk"])
    if (folder / "Dockerfile").exists():
        return "docker"
    return "static" if (folder / "index.html").exists() else "gradio"


def cache_folder(folder: Path) -> Path:
    """Where what was installed for this folder is kept for the next time."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "localhub" / re.sub(r"[^A-Za-z0-9]+", "-", str(folder)).strip("-")[-100:]
