"""The bench: one throwaway Postgres per test process, and a fresh copy of the migrated schema per test."""

import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from spaceport.db import migrate, url
from spaceport.db.connection import connect
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded

_numbers = itertools.count(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: with several processes, what waits then runs beside what computes, and ends before it."""
    items.sort(key=lambda item: item.get_closest_marker("scenario") is None)


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Sockets reach this machine and nothing else."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """A server without fsync, shared by the tests of one process."""
    # Not below pytest's own folders: these are closed to the account that runs Postgres for root.
    home = Path(tempfile.mkdtemp(prefix="spaceport-tests-"))
    server = Embedded(home, durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def admin(postgres: Embedded) -> Iterator["Admin"]:
    """Makes and drops databases; its template has the newest schema."""
    database = Database(postgres.url, pool_size=1)
    migrate.upgrade(database)
    database.close()
    admin = Admin(postgres.url)
    yield admin
    admin.close()


@pytest.fixture
def database_url(admin: "Admin") -> Iterator[str]:
    """The address, in libpq form, of an empty database with the newest schema."""
    with admin.fresh(template="spaceport") as address:
        yield address


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with the newest schema."""
    database = Database(database_url, pool_size=4)
    yield database
    database.close()


class Admin:
    def __init__(self, raw_url: str) -> None:
        self._raw_url = raw_url
        self._connection = connect(url.parse(self.address("postgres")))
        self._connection.autocommit = True

    def address(self, name: str) -> str:
        return self._raw_url.replace("@/spaceport?", f"@/{name}?")

    @contextmanager
    def fresh(self, template: str) -> Iterator[str]:
        """The address of a copy, dropped afterwards."""
        name = f"test_{next(_numbers)}"
        self._connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.address(name)
        self._connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._connection.close()


def _guarded(original):
    def connect(self: socket.socket, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return original(self, address)

    return connect


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        return host == "localhost"
