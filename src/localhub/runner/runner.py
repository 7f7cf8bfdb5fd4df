"""All Spaces of one localhub: their supervisors, and what happens as time passes."""

import asyncio
import logging
import shutil

from localhub import errors
from localhub.config import Config
from localhub.faults import Faults
from localhub.runner import engine, stubs, user
from localhub.runner.supervisor import Supervisor
from localhub.runner.workshop import Workshop
from localhub.spaces.model import COMING_UP, SERVING, Space
from localhub.spaces.store import Store

CHECK_EVERY = 1.0
logger = logging.getLogger(__name__)


class Runner:
    def __init__(self, config: Config, store: Store, faults: Faults) -> None:
        self._config = config
        self._store = store
        self.workshop = Workshop(config, store, faults, config.data / "stubs")
        self._supervisors: dict[str, Supervisor] = {}
        self._clock: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Takes up every Space that was running when localhub last ended, however it ended."""
        if self.workshop.uid is not None:
            user.prepare(self._config.data, self.workshop.uid)
        stubs.write(self.workshop.stubs)
        await asyncio.to_thread(shutil.rmtree, self.workshop.apps, ignore_errors=True)
        await asyncio.to_thread(self.workshop.venvs.forget_one_offs)
        self.workshop.docker = self._config.docker == "auto" and await engine.answers()
        if self.workshop.warning:
            logger.warning("localhub: %s", self.workshop.warning)
        for space in self._store:
            await self._listen(space)
            if space.stage in SERVING | COMING_UP:
                space.served = space.hardware_now = ""
                self.of(space).deploy()
        self._clock = asyncio.create_task(self._watch_idle())

    async def close(self) -> None:
        if self._clock:
            self._clock.cancel()
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))

    async def add(self, space: Space) -> None:
        """Begins to keep a new Space."""
        await self._listen(space)
        self._store.add(space)

    def of(self, space: Space) -> Supervisor:
        """Raises HubError for a Space that was deleted meanwhile."""
        if space.id not in self._supervisors:
            raise errors.repository_missing()
        return self._supervisors[space.id]

    async def remove(self, space: Space) -> None:
        """Ends the app and forgets its files and logs."""
        supervisor = self._supervisors.pop(space.id)
        await supervisor.close()
        for folder in (
            self.workshop.logs(space),
            self.workshop.repository(space),
            self.workshop.apps / space.id,
        ):
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sleep_after(self, space: Space) -> int | None:
        """Seconds without a visit until it sleeps; None for never."""
        if space.sdk == "static":
            return None
        if space.hardware == "cpu-basic":
            return self._config.idle_timeout
        return None if space.sleep_time in {None, -1} else space.sleep_time

    async def _listen(self, space: Space) -> None:
        supervisor = self._supervisors[space.id] = Supervisor(space, self.workshop)
        space.port = await supervisor.front.listen(self._config.host, space.port)
        self._store.save(space)

    async def _watch_idle(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            for supervisor in list(self._supervisors.values()):
                limit = self.sleep_after(supervisor.space)
                if limit and supervisor.space.stage == "RUNNING" and supervisor.front.idle() > limit:
                    supervisor.halt("SLEEPING")
