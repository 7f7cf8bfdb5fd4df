"""The real programs as fixtures, once for a test process: a folder, a Hub on this machine, a Spaceport that uses it.

A folder's conftest imports those that it takes as they are.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.localhub_server import LocalHub
from tests.spaceport_server import SpaceportServer


@contextmanager
def folder() -> Iterator[Path]:
    """Not below pytest's own folders: those are closed to the account that runs Postgres for root."""
    made = Path(tempfile.mkdtemp(prefix="spaceport-programs-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def local_hub(home: Path) -> Iterator[LocalHub]:
    server = LocalHub(home / "hub")
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serving(home: Path, hub: LocalHub, *options: str, **settings: str) -> Iterator[SpaceportServer]:
    server = SpaceportServer(home / "spaceport", hub.url, *options, **settings)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture(scope="session")
def hub(home: Path) -> Iterator[LocalHub]:
    with local_hub(home) as server:
        yield server


@pytest.fixture(scope="session")
def spaceport(home: Path, hub: LocalHub) -> Iterator[SpaceportServer]:
    with serving(home, hub) as server:
        yield server
