"""One Space's stages: what is built, what is served, what happens next."""

import asyncio
import itertools
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from localhub import clock
from localhub.runner import bench, environment, visits, volumes
from localhub.runner.app import App, StartFailed
from localhub.runner.builds import BuildFailed, Image
from localhub.runner.front import Admission, Front, Refusal, Request, Site
from localhub.runner.log import Log
from localhub.runner.workshop import Workshop
from localhub.spaces import readme
from localhub.spaces.model import Space

WAKE_TIMEOUT = 60
DRAIN_TIMEOUT = 2
"""Seconds the old app gets to answer whoever is still with it."""
NOT_FOUND = Refusal("404 Not Found", "404", "Sorry, we can't find the page you are looking for.")
logger = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, space: Space, workshop: Workshop) -> None:
        self.space = space
        self.front = Front(self._admit)
        self._workshop = workshop
        self.build_log = Log(workshop.logs(space) / "build.jsonl")
        self.run_log = Log(workshop.logs(space) / "run.jsonl")
        self._app: App | None = None
        self._site: Path | None = None
        self._task: asyncio.Task[None] | None = None
        self._waking: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._runs = itertools.count()

    def deploy(self, *, restart: bool = False, factory: bool = False) -> None:
        """Begins to bring main's tip live in place of whatever was under way. The stage changes at once.

        A restart ends the old app first; otherwise it keeps serving until the new one listens.
        """
        if self.space.sdk != "static":
            serving = self._app or self._site
            self._become("RUNNING_BUILDING" if serving and not restart else "BUILDING")

        # Begun at once: whoever follows the log right after a push must not be shown the build before.
        log = self.build_log = Log(self._workshop.logs(self.space) / "build.jsonl")
        log.begin()
        sha = self.space.head
        log.write(f"===== Build Queued at {clock.heading()} / Commit SHA: {sha[:7]} =====\n")

        async def work() -> None:
            if restart:
                await self._clear()
            await self._deploy(sha, log, factory=factory)

        # Also when it is replaced before it has begun. After the stage has changed: who reads to the end finds it.
        self._begin(work).add_done_callback(lambda _task: log.close())

    def halt(self, stage: str) -> None:
        """Ends the app, and whatever was under way. `stage` says why: PAUSED, SLEEPING, CONFIG_ERROR ..."""
        self.space.served = self.space.hardware_now = ""
        self._become(stage)
        self._begin(self._clear)

    async def settle(self) -> None:
        """Waits for whatever is under way."""
        if self._task:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Ends everything but remembers it as it was, so that the next start can take it up again."""
        self._begin(self._clear)
        await self.settle()
        self.front.close()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        self._task = asyncio.create_task(self._replace(self._task, work))
        return self._task

    async def _replace(self, previous: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await _ended(previous)
            await work()
        except BuildFailed as error:
            await self._fail("BUILD_ERROR", str(error))
        except StartFailed as error:
            await self._fail("RUNTIME_ERROR", str(error))
        except Exception as error:
            logger.exception("%s", self.space.repo_id)
            await self._fail("BUILD_ERROR", f"localhub failed: {error!r}")

    async def _deploy(self, sha: str, log: Log, *, factory: bool) -> None:
        folder = self._workshop.apps / self.space.id / str(next(self._runs))
        problem = await asyncio.to_thread(bench.problem, self._workshop, self.space, sha)
        if problem:
            stage, error = problem
            log.write(f"--> ERROR: {error or f'there is no {bench.app_file(self.space.sdk, self.space.card)}'}")
            await self._fail(stage, error)
            return
        try:
            image = await bench.build(self._workshop, self.space, sha, folder, log, factory=factory)
            log.close()
            await (self._open_site(sha, folder) if image is None else self._start(image, sha, folder))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    async def _start(self, image: Image, sha: str, folder: Path) -> None:
        self._become("RUNNING_APP_STARTING" if self._app else "APP_STARTING")
        hardware, log = self.space.hardware, Log(self._workshop.logs(self.space) / "run.jsonl")
        env = environment.of(self.space, f"127.0.0.1:{self.space.port}")
        self.run_log = log
        log.begin()
        log.write(f"===== Application Startup at {clock.heading()} =====\n")
        given = self.space.volumes
        mounts = await volumes.mounts(self._workshop, self.space.owner, given, folder / "volumes", log)
        app = await App.start(image, app_port=self.space.app_port, env=env, mounts=mounts, log=log, folder=folder)
        try:
            await app.ready(self._startup_timeout())
        except BaseException:
            await app.stop()
            raise
        before, self._app = self._app, app
        self._site = None
        self._serve(sha, hardware)
        self._watcher = asyncio.create_task(self._watch(app))
        if before:
            try:
                await self.front.drain(DRAIN_TIMEOUT)
            finally:
                await before.stop()

    async def _open_site(self, sha: str, folder: Path) -> None:
        before, self._site = self._site, folder / "context"
        self._serve(sha, "" if self.space.sdk == "static" else self.space.hardware)
        if self._app:
            app, self._app = self._app, None
            await app.stop()
        if before:
            await asyncio.to_thread(shutil.rmtree, before.parent, ignore_errors=True)

    def _serve(self, sha: str, hardware: str) -> None:
        self.space.served, self.space.hardware_now = sha, hardware
        self.front.awake()
        self._become("RUNNING")

    async def _watch(self, app: App) -> None:
        code = await app.ended()
        if self._app is app:
            self._app = None
            self.space.served = self.space.hardware_now = ""
            if self.space.stage == "RUNNING":
                self._become("RUNTIME_ERROR", app.reason(code))
            else:
                self._become(self.space.stage.removeprefix("RUNNING_"))
            await app.stop()

    async def _fail(self, stage: str, error: str) -> None:
        self.space.served = self.space.hardware_now = ""
        self._become(stage, error)
        await self._clear()

    async def _clear(self) -> None:
        app, self._app = self._app, None
        site, self._site = self._site, None
        if app:
            await app.stop()
        if site:
            await asyncio.to_thread(shutil.rmtree, site.parent, ignore_errors=True)

    def _become(self, stage: str, error: str = "") -> None:
        self.space.stage, self.space.error = stage, error
        self._workshop.store.save(self.space)

    def _startup_timeout(self) -> float:
        asked = readme.duration(self.space.card.get("startup_duration_timeout", ""))
        return asked or self._workshop.config.startup_timeout

    async def _admit(self, request: Request) -> Admission:
        verdict = visits.judge(self._workshop, self.space, request)
        if not verdict.allowed:
            return Admission(NOT_FOUND)
        if self.space.stage == "SLEEPING":
            self.deploy()
            self._waking = self._task
        if self._waking:
            await asyncio.wait([self._waking], timeout=WAKE_TIMEOUT)
        site = Site(self._site, environment.values(self.space.variables)) if self._site else None
        asleep = Refusal("503 Service Unavailable", self.space.stage, self.space.error or self.space.repo_id)
        return Admission(self._app.port if self._app else site or asleep, verdict.cookie)


async def _ended(task: asyncio.Task[None] | None) -> None:
    """Cancels a task and waits until it has tidied up, even when cancelled meanwhile: two must not overlap."""
    cancelled = False
    if task:
        task.cancel()
    while task and not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
