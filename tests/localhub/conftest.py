from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.localhub_server import LocalHub

Start = Callable[..., LocalHub]


@pytest.fixture(autouse=True)
def _quiet_client(monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts localhub with further options; every server is ended afterwards."""
    running: list[LocalHub] = []

    def begin(*options: str, folder: str = "hub", token: str = "hf_local") -> LocalHub:
        running.append(LocalHub(tmp_path / folder, *options, token=token))
        return running[-1]

    yield begin
    for hub in running:
        hub.stop()


@pytest.fixture
def hub(start: Start) -> LocalHub:
    return start()
