"""One Postgres server process: its cluster, its start and its end."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from spaceport.children import end_with_parent
from spaceport.db import pidfile
from spaceport.db.binaries import Account
from spaceport.errors import Unavailable

_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
# The builtin locale: an order of text that no operating system changes under the indexes.
_LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_ACCESS = ("--username=postgres", "--auth-local=trust", "--auth-host=reject")
_SERVER = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "jit": "off",
    # Neither the values of a failing row nor those written into a statement belong in a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# A crash of the machine loses everything, a crash of Postgres alone still loses nothing.
_THROWAWAY = {"fsync": "off", "full_page_writes": "off"}
_CRASH_PATIENCE = 10.0
_STOP_LIMIT = 20.0


@dataclass(frozen=True)
class Cluster:
    """`data` holds the databases, `sockets` the Unix socket, `log` is the file for what the server says."""

    programs: Path
    data: Path
    sockets: Path
    log: Path
    runner: Account
    durable: bool = True

    def create(self) -> None:
        """Does nothing if there is one. `data` appears complete or not at all: a half-made one is redone."""
        if self.data.exists():
            return
        half = self.data.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        os.chown(half, self.runner.uid, self.runner.gid)
        command: list[str | Path] = [self.programs / "initdb", "-D", half, *_ACCESS, *_LOCALE, "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        with self._open_log() as log:
            code = subprocess.call(command, stdout=log, stderr=log, **self._as_runner())
        if code != 0:
            raise self._failed("could not be set up")
        half.rename(self.data)

    def start(self, deadline: float) -> "subprocess.Popen[bytes]":
        """Returns once the server takes connections. `deadline` is in seconds of the monotonic clock.

        On Linux the server shuts down when the *thread* that called this ends: call it from the main thread.
        """
        crashed = pidfile.clear(self.data)
        patience = time.monotonic() + _CRASH_PATIENCE
        while True:
            server = self._launch()
            while server.poll() is None:
                if pidfile.ready(self.data, server.pid):
                    return server
                if time.monotonic() > deadline:
                    stop(server)
                    raise self._failed("did not come up in time")
                time.sleep(0.01)
            # The children of a killed server take a moment to notice, and hold its shared memory until then.
            if not crashed or time.monotonic() > min(deadline, patience):
                raise self._failed("did not start")
            time.sleep(0.2)

    def _launch(self) -> "subprocess.Popen[bytes]":
        settings = _SERVER | ({} if self.durable else _THROWAWAY)
        command: list[str | Path] = [self.programs / "postgres", "-D", self.data, "-k", self.sockets]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who shut the server down last
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509 - see `start`
                **self._as_runner(),
            )

    def _open_log(self) -> BinaryIO:
        self.log.touch(mode=0o600)
        return self.log.open("ab")

    def _as_runner(self) -> dict[str, Any]:
        return {"stdin": subprocess.DEVNULL, "env": _ENVIRONMENT, "cwd": "/", **self.runner.popen}

    def _failed(self, what: str) -> Unavailable:
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        return Unavailable(
            f"The embedded Postgres {what}: {''.join(last)}",
            code="embedded_database_failed",
            fix=f"Its log is {self.log}.",
        )


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown: open transactions are rolled back, committed ones are safe."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()
