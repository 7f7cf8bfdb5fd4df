"""Another Space as a source, from a real Hub on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.localhub_server import LocalHub

from spaceport.deployments.fetch import copy_space
from spaceport.errors import TooLarge
from spaceport.hub import Hub, HubFailure, NewSpace
from spaceport.sources.limits import Limits
from spaceport.sources.model import SpaceSource


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalHub]:
    hub = LocalHub(tmp_path / "data")
    yield hub
    hub.stop()


@pytest.fixture
def hub(server: LocalHub) -> Hub:
    hub = Hub(server.url, server.token)
    hub.create(NewSpace("local/original", "static", "public"))
    server.api().upload_file(
        path_or_fileobj=b"x" * 5000, path_in_repo="big.txt", repo_id="local/original", repo_type="space"
    )
    return hub


def test_its_files_come_from_one_commit(hub: Hub, tmp_path: Path) -> None:
    fetched = copy_space(hub, SpaceSource(repo_id="local/original"), tmp_path / "copy")

    assert fetched.revision == hub.head("local/original").sha
    assert (tmp_path / "copy" / "big.txt").read_bytes() == b"x" * 5000
    assert not (tmp_path / "copy" / ".cache").exists()


@pytest.mark.parametrize(
    ("limits", "code"), [(Limits(total_bytes=4000), "source_too_large"), (Limits(files=1), "source_too_many_files")]
)
def test_too_much_is_refused_before_anything_is_fetched(hub: Hub, tmp_path: Path, limits: Limits, code: str) -> None:
    with pytest.raises(TooLarge) as refusal:
        copy_space(hub, SpaceSource(repo_id="local/original"), tmp_path / "copy", limits=limits)

    assert refusal.value.code == code
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("path", ["/tree/", "/resolve/"])
def test_a_refusal_in_the_middle_of_a_copy_is_told_as_what_it_is(
    server: LocalHub, hub: Hub, tmp_path: Path, path: str
) -> None:
    server.fault(path=path, status=403, count=None)
    with pytest.raises(HubFailure) as refusal:
        copy_space(hub, SpaceSource(repo_id="local/original"), tmp_path / "copy")

    assert (refusal.value.code, refusal.value.transient) == ("hub_forbidden", False)
