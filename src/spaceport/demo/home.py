"""The demo's folder: who uses it, and what the next run takes up again."""

import contextlib
import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spaceport.errors import Conflict, Invalid

EMAIL = "demo@example.com"


@dataclass(frozen=True)
class Home:
    folder: Path

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    def password(self) -> str:
        """Made at random by the first run. Readable by nobody else."""
        return self._once(self.password_file, secrets.token_urlsafe(24))

    def hub_port(self) -> int:
        """The local Hub keeps its port: managed spaces are remembered with their Hub's address."""
        port = int(self._once(self.folder / "hub-port", str(_free_port())))
        if taken("127.0.0.1", port):
            raise Conflict(
                f"Port {port}, where the demo's local Hub lived until now, is in use.",
                code="hub_port_taken",
                fix=f"End the program that has it, or delete {shown(self.folder)} to begin anew.",
            )
        return port

    @staticmethod
    def _once(path: Path, value: str) -> str:
        with contextlib.suppress(FileExistsError), open(path, "x", opener=_private) as file:
            file.write(value + "\n")
        return path.read_text().strip()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Home]:
    """Raises Invalid for a folder that cannot be written, Conflict while another demo has it."""
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = open(folder / "lock", "w", opener=_private)  # noqa: SIM115 - closed below
    except OSError as error:
        raise Invalid(
            f"{shown(folder)} cannot be written: {error.strerror}.",
            code="data_dir_unwritable",
            fix="Choose a folder of your own: make demo DATA=folder.",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"A demo is already running on {shown(folder)}.",
                code="demo_running",
                fix="Stop it with Ctrl-C where it runs, or run a second one: make demo DATA=folder PORT=7861.",
            ) from None
        yield Home(folder)


def taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def shown(path: Path) -> Path:
    """As short as the reader can use it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
