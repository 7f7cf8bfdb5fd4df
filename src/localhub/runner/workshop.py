"""What the supervisors of all Spaces share."""

import asyncio
from pathlib import Path

from localhub.config import Config
from localhub.faults import Faults
from localhub.runner.venvs import Venvs
from localhub.spaces.model import Space
from localhub.spaces.store import Store


class Workshop:
    def __init__(self, config: Config, store: Store, faults: Faults, stubs: Path) -> None:
        self.config = config
        self.store = store
        self.faults = faults
        self.stubs = stubs
        self.venvs = Venvs(config.data / "venvs")
        self.benches = asyncio.Semaphore(config.builds_at_once)
        self.docker = False
        self.apps = config.data / "apps"

    def repository(self, space: Space) -> Path:
        return self.config.data / "repositories" / f"{space.id}.git"

    def logs(self, space: Space) -> Path:
        return self.config.data / "logs" / space.id
