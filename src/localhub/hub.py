"""One localhub: its parts, and what happens when a repository changes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from localhub import clock, errors
from localhub.config import Config
from localhub.faults import Faults
from localhub.git import read
from localhub.jobs.jobs import Jobs
from localhub.jobs.schedules import Schedules
from localhub.limits import Limits
from localhub.runner.runner import Runner
from localhub.spaces import readme
from localhub.spaces.model import Space
from localhub.spaces.store import Store
from localhub.webhooks import Webhooks


class Hub:
    def __init__(self, config: Config, address: str) -> None:
        self.config = config
        self.accounts = config.accounts
        self.address = address
        self.store = Store(config.data / "localhub.sqlite")
        self.faults = Faults()
        self.limits = Limits(config)
        self.runner = Runner(config, self.store, self.faults)
        self.jobs = Jobs(self.runner.workshop)
        self.schedules = Schedules(self.store, self.jobs)
        self.webhooks = Webhooks(self.store, self.jobs, address)
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def open(self) -> None:
        await self.runner.open()
        for space in self.store:
            await self._catch_up(space)
        self.jobs.open()
        self.schedules.open()

    async def close(self) -> None:
        self.schedules.close()
        await asyncio.gather(self.jobs.close(), self.runner.close())
        await self.webhooks.close()
        self.store.close()

    @asynccontextmanager
    async def changing(self, space: Space) -> AsyncIterator[None]:
        """One change of a repository after the other, as on the Hub. Raises HubError once the Space is deleted."""
        async with self._locks[space.id]:
            if not self.store.holds(space):
                raise errors.repository_missing()
            yield

    async def moved(self, space: Space, ref: str, old: str | None, new: str | None) -> None:
        """A branch or tag now points elsewhere. Only main is built."""
        if ref == "refs/heads/main" and new:
            await self.take_tip(space, new)
            # A push to a paused Space does not start it: only its owner's restart does.
            if space.stage != "PAUSED":
                self.runner.of(space).deploy()
        self.webhooks.emit(space, "update", "repo.content", updatedRefs=[{"ref": ref, "oldSha": old, "newSha": new}])

    async def take_tip(self, space: Space, commit: str) -> None:
        repository = self.runner.workshop.repository(space)
        text = await asyncio.to_thread(read.text, repository, commit, "README.md")
        try:
            space.card = readme.front_matter(text or "")
        except readme.ReadmeError:
            space.card = {}
        if space.card.get("sdk") in readme.SDKS:
            space.sdk = space.card["sdk"]
        space.head, space.last_modified = commit, clock.now()
        self.store.save(space)

    async def _catch_up(self, space: Space) -> None:
        """A localhub that was killed in the middle of a push: git has the commit, and nobody was told."""
        tip = await asyncio.to_thread(read.tip, self.runner.workshop.repository(space))
        if tip and tip != space.head:
            await self.moved(space, "refs/heads/main", space.head or None, tip)

    def configured(self, space: Space) -> None:
        """Something the app is started with has changed: it starts again, if it was up."""
        space.last_modified = clock.now()
        self.store.save(space)
        self.webhooks.emit(space, "update", "repo.config", updatedConfig={"private": space.private})
        if space.sdk != "static" and space.stage not in {"PAUSED", "SLEEPING", "NO_APP_FILE"}:
            self.runner.of(space).deploy()
