"""An embedded Postgres in a folder of its own, started here or by another process."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from spaceport.db import binaries
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded

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
