"""Under which account the embedded Postgres runs, and in which folders it can."""

import os
from pathlib import Path

import psutil
import pytest
from tests.integration.embedded.conftest import ORDINARY_UID, ROOT, Start, owner, server_pid, write

from spaceport.db import binaries, url
from spaceport.db.embedded import Embedded
from spaceport.errors import Invalid


def test_an_ordinary_user_can_run_it(folder: Path) -> None:
    os.chown(folder, ORDINARY_UID, -1)
    with owner(folder, uid=ORDINARY_UID) as (_, raw_url):
        write(raw_url, "mine")
        assert psutil.Process(server_pid(folder)).uids().real == ORDINARY_UID


@pytest.mark.skipif(not ROOT, reason="only root has rights to drop")
def test_for_root_the_server_runs_without_rights(folder: Path, start: Start) -> None:
    start()
    assert psutil.Process(server_pid(folder)).uids().real != 0


@pytest.mark.skipif(not ROOT, reason="only root runs it under another account")
def test_root_copies_the_programs_that_the_account_cannot_reach(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "reachable", lambda path, _runner: path.is_relative_to(folder))
    server = start()
    assert Path(psutil.Process(server_pid(folder)).exe()).is_relative_to(folder)
    server.stop()
    assert start().running


@pytest.mark.skipif(not ROOT, reason="only root runs it under another account")
def test_root_is_told_when_the_account_cannot_enter_the_folder(folder: Path) -> None:
    with pytest.raises(Invalid, match="closed to uid") as caught:
        Embedded(folder / "inner").start()
    assert caught.value.code == "data_dir_unwritable"


def test_a_folder_that_cannot_be_written_is_one_line_that_says_what_to_do(folder: Path) -> None:
    folder.chmod(0o555)
    with owner(folder, uid=ORDINARY_UID) as (_, said):
        assert said == (
            f"data_dir_unwritable The data folder {folder} cannot be written: Permission denied."
            f" Point DATA_DIR at a folder that uid {ORDINARY_UID} may use, or set DATABASE_URL."
        )


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    folder.chmod(0o711)
    deep = folder / ("d" * 100)
    server = Embedded(deep, durable=False)
    server.start()
    sockets = Path(url.parse(server.url).host)
    assert server.running
    assert not sockets.is_relative_to(deep)
    server.stop()
    assert not sockets.exists()
