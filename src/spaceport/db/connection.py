"""One pg8000 connection, with what pg8000 leaves open closed."""

import socket

import pg8000

from spaceport.db.url import Address
from spaceport.errors import Unavailable

RETRY_AFTER = 5.0
_KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}


def connect(address: Address) -> pg8000.Connection:
    """Raises Unavailable whatever the reason; its sentence has the server's own words and no password."""
    try:
        connection = _Connection(timeout=address.connect_timeout or None, **address.pg8000())
    except Exception as error:  # what is no Postgres gets KeyError, struct.error … out of pg8000
        raise unavailable(f"Postgres at {address} cannot be reached: {_reason(error)}.") from error
    _set_up(connection._usock, local=address.local)  # noqa: SLF001 - pg8000 gives no other way to its socket
    return connection


def unavailable(message: str) -> Unavailable:
    """The one way to say that the database does not answer."""
    return Unavailable(
        message,
        code="database_unavailable",
        fix="Check that Postgres runs and that DATABASE_URL is right.",
        retry_after=RETRY_AFTER,
    )


class _Connection(pg8000.Connection):  # type: ignore[misc]
    def handle_messages(self, context: object) -> None:
        """pg8000 lets a failed read out as OSError, which SQLAlchemy does not take for a lost connection."""
        try:
            super().handle_messages(context)
        except OSError as error:
            raise pg8000.InterfaceError("network error") from error


def _set_up(sock: socket.socket, *, local: bool) -> None:
    # pg8000's time-out would also end every query that takes longer.
    sock.settimeout(None)
    if local:
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    if isinstance(said, dict):
        return f"{said.get('M', 'refused')} ({said.get('C', 'no code')})"
    return str(error.__cause__ or error).rstrip(".")
