"""A monorepo behind a real server, and fetching it through the cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_server import GitServer

from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.git_cache import Cache
from spaceport.sources.model import Fetched, GitSource

SPACES = 20
ROOT = Path(__file__).parents[4]
DEADLINE = 20.0


@pytest.fixture
def server() -> Iterator[GitServer]:
    with GitServer() as running:
        yield running


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


def fetch(server: GitServer, cache: Cache, into: Path, *, token: str | None = None, **source: str) -> Fetched:
    return git.fetch(
        GitSource(url=server.url("mono"), **source),
        into,
        token=token,
        policy=Policy((server.host,)),
        cancelled=lambda: False,
        cache=cache,
    )


def mono(server: GitServer) -> str:
    return server.repo("mono").commit({f"apps/{number}/app.py": f"app {number}" for number in range(SPACES)})


def conversations(server: GitServer) -> int:
    """How often Git began to talk to the host: once to ask for a ref, once to fetch."""
    return sum(path.endswith("info/refs?service=git-upload-pack") for path in server.requests)


def complete(kept: Path) -> list[Path]:
    return [place for place in kept.iterdir() if (place / "repository").exists()]
