"""The embedded Postgres, as found after the ways a machine, a container or a person ends it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from tests.integration.embedded.conftest import Start, owner, server_pid, words, write

from spaceport.db import binaries, postmaster
from spaceport.db.database import Database
from spaceport.errors import SpaceportError, Unavailable


def test_what_was_committed_survives_a_stop_and_a_start(start: Start) -> None:
    first = start()
    write(first.url, "kept")
    first.stop()
    assert not first.running
    assert words(start().url) == ["kept"]


def test_a_killed_owner_takes_its_server_along_and_loses_nothing_committed(folder: Path, start: Start) -> None:
    with owner(folder) as (process, raw_url):
        write(raw_url, "kept")
        orphan = psutil.Process(server_pid(folder))
        process.kill()
        process.wait()
        if sys.platform == "linux":
            orphan.wait(10)
        assert words(start().url) == ["kept"]


def test_a_killed_server_is_unavailable_until_its_owner_starts_it_again(folder: Path, start: Start) -> None:
    server = start()
    write(server.url, "kept")
    database = Database(server.url, pool_size=2)
    with database.unit_of_work() as session:
        session.execute(text("SELECT 1"))
    killed = psutil.Process(server_pid(folder))
    killed.kill()
    killed.wait(10)
    for _ in range(2):
        with pytest.raises(Unavailable) as caught, database.unit_of_work() as session:
            session.execute(text("SELECT 1"))
        assert caught.value.code == "database_unavailable"
    server.start()
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT word FROM note")).scalar_one() == "kept"
    database.close()


def test_a_killed_owner_and_a_killed_server_lose_nothing_committed(folder: Path, start: Start) -> None:
    with owner(folder) as (process, raw_url):
        write(raw_url, "kept")
        server = psutil.Process(server_pid(folder))
        server.kill()
        process.kill()
        process.wait()
        assert words(start().url) == ["kept"]


@pytest.mark.parametrize("now_is", ["another program", "a zombie"])
def test_a_stale_pid_file_does_not_keep_the_server_down(now_is: str, folder: Path, start: Start) -> None:
    first = start()
    write(first.url, "kept")
    data = folder / "postgres" / binaries.MAJOR
    left = [data / "postmaster.pid", data / ".s.PGSQL.5432.lock"]
    texts = [path.read_text().splitlines() for path in left]
    first.stop()
    program = ["true"] if now_is == "a zombie" else ["cat"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, user=data.stat().st_uid) as stranger:
        if now_is == "a zombie":
            os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
        for path, lines in zip(left, texts, strict=True):
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert words(start().url) == ["kept"]
        if now_is == "another program":
            assert stranger.poll() is None


def test_a_server_that_outlived_its_owner_is_replaced(folder: Path, start: Start) -> None:
    first = start()
    write(first.url, "kept")
    before = server_pid(folder)
    assert first._lock is not None
    first._lock.close()
    assert words(start().url) == ["kept"]
    assert server_pid(folder) != before


def test_two_processes_share_one_server_and_the_second_can_succeed_the_first(folder: Path, start: Start) -> None:
    with owner(folder) as (process, raw_url):
        second = start()
        assert second.url == raw_url
        write(second.url, "shared")
        second.stop()
        assert second.running
        process.communicate()
    assert not second.running
    second.start()
    assert words(second.url) == ["shared"]
    second.stop()


def test_a_setup_that_was_interrupted_is_done_again(folder: Path, start: Start) -> None:
    half = folder / "postgres" / f"{binaries.MAJOR}.half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text(binaries.MAJOR)
    assert start().running


def test_a_server_that_cannot_start_says_where_to_look(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postmaster._SERVER, "shared_buffers", "nonsense")
    with pytest.raises(SpaceportError, match="did not start") as caught:
        start()
    assert caught.value.code == "embedded_database_failed"
    assert str(folder / "postgres" / "log") in caught.value.fix
