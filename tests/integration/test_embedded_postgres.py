"""The embedded Postgres, as found after the ways a machine, a container or a person ends it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from spaceport.db import binaries, postmaster, url
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded
from spaceport.errors import Invalid, SpaceportError, Unavailable

ROOT = os.geteuid() == 0
ORDINARY_UID = 1000 if ROOT else os.geteuid()

# Imports come first: an ordinary user may not be able to reach root's interpreter.
OWNER = """
import os, sys
from pathlib import Path
from spaceport.db.embedded import Embedded
from spaceport.errors import SpaceportError
folder, uid = Path(sys.argv[1]), int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
server = Embedded(folder)
try:
    server.start()
except SpaceportError as error:
    print(error.code, error.message, error.fix, flush=True)
else:
    print(server.url, flush=True)
    sys.stdin.read()
    server.stop()
"""

Start = Callable[[], Embedded]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: that one is closed to the account that runs Postgres for root.
    path = Path(tempfile.mkdtemp(prefix="spaceport-embedded-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start a server on the folder; all are stopped at the end."""
    with ExitStack() as at_end:

        def start() -> Embedded:
            server = Embedded(folder)
            at_end.callback(server.stop)
            server.start()
            return server

        yield start


@contextmanager
def owner(folder: Path, uid: int = os.geteuid()) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Another process that starts a server; it stops when the block ends. Yields what it says."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), str(uid)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def write(raw_url: str, word: str) -> None:
    database = Database(raw_url, pool_size=1)
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS note (word text)"))
        session.execute(text("INSERT INTO note VALUES (:word)"), {"word": word})
    database.close()


def words(raw_url: str) -> list[str]:
    database = Database(raw_url, pool_size=1)
    with database.unit_of_work() as session:
        found = list(session.execute(text("SELECT word FROM note ORDER BY word")).scalars())
    database.close()
    return found


def server_pid(folder: Path) -> int:
    return int((folder / "postgres" / binaries.MAJOR / "postmaster.pid").read_text().split()[0])


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
