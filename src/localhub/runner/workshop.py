"""What the supervisors of all Spaces share."""

import asyncio
from pathlib import Path

from localhub.buckets.buckets import Buckets
from localhub.config import Config
from localhub.faults import Faults
from localhub.runner import user
from localhub.runner.venvs import Venvs
from localhub.signing import Signer
from localhub.spaces.model import Space
from localhub.spaces.store import Store


class Workshop:
    def __init__(self, config: Config, store: Store, faults: Faults, stubs: Path) -> None:
        self.config = config
        self.store = store
        self.faults = faults
        self.stubs = stubs
        self.buckets = Buckets(config.data, store)
        self.signer = Signer(config.data / "signing.key")
        self.uid = user.choose(config.data)
        self.venvs = Venvs(config.data / "venvs", self.uid)
        self.benches = asyncio.Semaphore(config.builds_at_once)
        self.docker = False
        self.apps = config.data / "apps"

    @property
    def warning(self) -> str:
        """What is to be said about whom apps run as; empty for nothing. A Docker engine decides that itself."""
        return "" if self.docker else user.warning(self.config.data)

    def own(self, folder: Path) -> None:
        """Lets apps write into a folder."""
        if self.uid is not None:
            user.own(folder, self.uid)

    def repository(self, space: Space) -> Path:
        return self.config.data / "repositories" / f"{space.id}.git"

    def logs(self, space: Space) -> Path:
        return self.config.data / "logs" / space.id
