"""One pg8000 connection, with what pg8000 leaves open closed."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import Any

import pg8000
from pg8000 import legacy

from spaceport.db.url import Address
from spaceport.errors import Unavailable

RETRY_AFTER = 5.0
# Longer statements hold many rows, and rarely come again.
_REMEMBERED = 10_000
_KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}


def connect(address: Address) -> pg8000.Connection:
    """Raises Unavailable whatever the reason; its sentence has the server's own words and no password."""
    try:
        with ExitStack() as on_failure:
            sock = on_failure.enter_context(_dial(address))
            connection = _Connection(sock=sock, **address.pg8000())
            on_failure.pop_all()
    except Exception as error:  # what is no Postgres gets KeyError, struct.error … out of pg8000
        raise unavailable(f"Postgres at {address} cannot be reached: {_reason(error)}.") from error
    # pg8000's time-out would also end every query that takes longer, and there is no other way to its socket.
    connection._usock.settimeout(None)  # noqa: SLF001
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

    def close(self) -> None:
        """pg8000 hides the server's refusal behind its own failure to say goodbye."""
        with suppress(pg8000.InterfaceError):
            super().close()


@lru_cache(maxsize=1024)
def _numbered(query: str) -> str:
    converted, _ = _convert("format", query, ())
    return str(converted)


def _convert_once(style: str, query: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """pg8000 reads every statement anew, character by character: a third of what a short one costs.

    With %s for placeholders, which is all that SQLAlchemy sends, the values have no part in it.
    """
    if style == "format" and len(query) < _REMEMBERED:
        return _numbered(query), values
    converted: tuple[str, Sequence[Any]] = _convert(style, query, values)
    return converted


_convert = legacy.convert_paramstyle
legacy.convert_paramstyle = _convert_once


def _dial(address: Address) -> socket.socket:
    timeout = address.connect_timeout or None
    if address.local:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(timeout)
            sock.connect(f"{address.host}/.s.PGSQL.{address.port}")
        except OSError:
            sock.close()
            raise
        return sock
    sock = socket.create_connection((address.host, address.port), timeout)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):  # macOS lacks some
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else None
    if isinstance(said, dict):
        return f"{said.get('M', 'refused')} ({said.get('C', 'no code')})"
    return str(error.__cause__ or error) or type(error).__name__
