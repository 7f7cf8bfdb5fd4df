"""A Postgres of our own in the data folder, for everyone who has none to offer."""

import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import quote

from spaceport.db import binaries, pidfile, postmaster, url
from spaceport.db.connection import connect
from spaceport.errors import Invalid, Unavailable

_DATABASE = "spaceport"
_LONGEST_SOCKET_FOLDER = 85  # bytes; the address of a Unix socket holds 103 on macOS, 107 on Linux
_POLL = 0.05


class Embedded:
    """The first process that starts one on a folder owns the server, later ones join it.

    The server ends with its owner, on Linux even when the owner is killed. Whoever joined then finds the
    database gone and may call `start` again, to join the next owner or to become it.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` is for tests: faster, and lost with the power."""
        self._home = data_dir.resolve() / "postgres"
        self._data = self._home / binaries.MAJOR
        self._durable = durable
        self._lock: TextIOWrapper | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the database `spaceport`, in libpq form."""
        return self._url(_DATABASE)

    @property
    def running(self) -> bool:
        """Whether the server takes connections, whoever owns it."""
        try:
            connect(url.parse(self.url)).close()
        except Unavailable:
            return False
        return True

    @property
    def ours(self) -> bool:
        """Whether this process started it; otherwise another one did, and is running."""
        return self._lock is not None

    def start(self, limit: float = 60.0) -> None:
        """Returns once the database can be used, within `limit` seconds; does nothing if it already can.

        Call it from the main thread: Linux ends the server together with the thread that started it.
        Raises Invalid, code `data_dir_unwritable`, and Unavailable, code `embedded_database_failed`.
        """
        deadline = time.monotonic() + limit
        self._make_home()
        while True:
            if self._own() and (self._server is None or self._server.poll() is not None):
                self._run(deadline)
                return
            # Ours may still be on its way out: it takes no connections any more, and has not ended yet.
            if self.running:
                return
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"The embedded Postgres in {self._home} has an owner, and does not answer.",
                    code="embedded_database_failed",
                    fix="End the process that owns it, or choose another DATA_DIR.",
                )
            time.sleep(_POLL)

    def stop(self) -> None:
        """Shuts the server down if it is ours."""
        if self._server is not None:
            postmaster.stop(self._server)
            self._server = None
            if (folder := self._socket_folder()) != self._data:
                with suppress(OSError):  # a killed server leaves its socket there
                    folder.rmdir()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _make_home(self) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._home / "lock").touch(mode=0o600)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from None

    def _own(self) -> bool:
        if self._lock is not None:
            return True
        lock = (self._home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _run(self, deadline: float) -> None:
        runner = binaries.account(self._data)
        try:
            self._open_way(runner)
            cluster = postmaster.Cluster(
                programs=binaries.folder(self._home, runner),
                data=self._data,
                sockets=self._make_sockets(runner),
                log=self._home / "log",
                runner=runner,
                durable=self._durable,
            )
            cluster.create()
            self._server = cluster.start(deadline)
            self._create_database()
        except OSError as error:
            self.stop()
            raise self._unusable(f"cannot be used: {error.strerror}") from error
        except BaseException:
            self.stop()
            raise

    def _open_way(self, runner: binaries.Account) -> None:
        """Root's Postgres runs under another account, which has to be able to enter, not to look around."""
        if runner.uid == os.geteuid():
            return
        for folder in (self._home, self._home.parent):
            folder.chmod(folder.stat().st_mode | 0o001)
        if not binaries.reachable(self._home, runner):
            raise self._unusable(
                f"lies in a folder closed to uid {runner.uid}, as which Postgres has to run under root"
            )

    def _make_sockets(self, runner: binaries.Account) -> Path:
        folder = self._socket_folder()
        if folder != self._data:
            folder.mkdir(mode=0o700, exist_ok=True)
            owner = folder.lstat().st_uid
            if folder.is_symlink() or owner not in {os.geteuid(), runner.uid}:
                raise self._unusable(f"has a long path, and {folder}, meant for its socket, belongs to uid {owner}")
            os.chown(folder, runner.uid, runner.gid)
        return folder

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self._data)) <= _LONGEST_SOCKET_FOLDER:
            return self._data
        digest = hashlib.sha256(os.fsencode(self._data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"spaceport-{os.geteuid()}-{digest}"

    def _create_database(self) -> None:
        connection = connect(url.parse(self._url("postgres")))
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {_DATABASE}")
        finally:
            connection.close()

    def _url(self, database: str) -> str:
        folder = pidfile.sockets(self._data) or self._socket_folder()
        return f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}"

    def _unusable(self, what: str) -> Invalid:
        return Invalid(
            f"The data folder {self._home.parent} {what}.",
            code="data_dir_unwritable",
            fix=f"Point DATA_DIR at a folder that uid {os.geteuid()} may use, or set DATABASE_URL.",
        )
