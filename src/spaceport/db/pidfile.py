"""`postmaster.pid`: what a Postgres server says of itself, and what a crash leaves of it.

Lines: process id, data folder, start time, port, socket folder, listen address, shared memory, status.
"""

import signal
from pathlib import Path

import psutil

_SOCKETS, _STATUS = 4, 7
_STOP_LIMIT = 20.0


def sockets(data: Path) -> Path | None:
    """The folder of the server's socket. A killed server's file still names its own."""
    lines = _lines(data)
    return Path(lines[_SOCKETS]) if len(lines) > _SOCKETS else None


def ready(data: Path, pid: int) -> bool:
    """Whether this process is the server here, and takes connections."""
    lines = _lines(data)
    return len(lines) > _STATUS and lines[_STATUS].strip() == "ready" and int(lines[0]) == pid


def clear(data: Path) -> bool:
    """Make way for a new server; the caller owns the folder. Returns whether the last one ended uncleanly.

    Postgres itself gets over the file of a dead process, and checks first that none of its children still
    runs. What it cannot see is that the process id now belongs to something else, as after the restart of a
    container, or to a zombie. A server that outlived its owner is shut down.
    """
    file = data / "postmaster.pid"
    first = next(iter(_lines(data)), "")
    if not first.isdigit():  # none, or one that a full disk left empty: Postgres would not start over it
        file.unlink(missing_ok=True)
        return False
    pid = int(first)
    if (server := _server(pid, data)) is not None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_STOP_LIMIT)
        except psutil.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(_STOP_LIMIT)
    elif psutil.pid_exists(pid):
        folder = sockets(data) or data
        file.unlink()
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (folder / name).unlink(missing_ok=True)
    return True


def _lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _server(pid: int, data: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if str(data) in process.cmdline() else None
    except psutil.Error:
        return None
