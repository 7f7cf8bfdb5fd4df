"""Git repositories behind a real server, and fetching from them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_server import GitServer

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import Fetched, GitSource


@pytest.fixture(scope="module")
def server() -> Iterator[GitServer]:
    with GitServer() as running:
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "source"


def fetch(
    server: GitServer,
    name: str,
    into: Path,
    *,
    token: str | None = None,
    limits: Limits = DEFAULT,
    cancelled: threading.Event | None = None,
    **source: str,
) -> Fetched:
    return git.fetch(
        GitSource(url=server.url(name), **source),
        into,
        token=token,
        policy=Policy((server.host,)),
        cancelled=(cancelled or threading.Event()).is_set,
        limits=limits,
    )


def refusal(server: GitServer, name: str, into: Path, **more) -> errors.SpaceportError:
    with pytest.raises(errors.SpaceportError) as caught:
        fetch(server, name, into, **more)
    assert not [path for path in into.parent.iterdir() if path != into], "scratch space was left behind"
    return caught.value


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
