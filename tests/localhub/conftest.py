from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.localhub_server import LocalHub

Start = Callable[..., LocalHub]


@pytest.fixture(autouse=True)
def _quiet_client(monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was installed for one test is there for the next: an environment is named by what is in it."""
    return tmp_path_factory.mktemp("venvs")


@pytest.fixture
def start(tmp_path: Path, environments: Path) -> Iterator[Start]:
    """Starts localhub with further options; every server is ended afterwards."""
    running: list[LocalHub] = []

    def begin(*options: str, folder: str = "hub", token: str = "hf_local", python: str | None = None) -> LocalHub:
        venvs = tmp_path / folder / "venvs"
        if not venvs.exists():
            venvs.parent.mkdir(exist_ok=True)
            venvs.symlink_to(environments)
        running.append(LocalHub(tmp_path / folder, *options, token=token, python=python))
        return running[-1]

    yield begin
    for hub in running:
        hub.stop()


@pytest.fixture
def hub(start: Start) -> LocalHub:
    return start()
