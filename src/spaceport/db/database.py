"""The connection pool and the unit of work: all that the rest of the program sees of the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, create_engine

from spaceport.db import faults, url
from spaceport.db.connection import connect, unavailable
from spaceport.errors import Invalid, Unavailable

_POOL_TIMEOUT = 3.0
_RECYCLE_AFTER = 270  # hosted databases suspend, and cut idle connections, after five minutes


class Database:
    """Opens no connection until the first unit of work.

    `pool_size` is a hard limit: give it as many connections as there are threads that open units of work.
    """

    def __init__(self, raw_url: str, pool_size: int = 6) -> None:
        address = url.parse(raw_url)
        self.engine = create_engine(
            "postgresql+pg8000://",
            creator=partial(connect, address),
            pool_size=pool_size,
            # Bound values are people's secrets as often as not; an error must not carry them into a log.
            hide_parameters=True,
            max_overflow=0,
            pool_timeout=_POOL_TIMEOUT,
            # Over a network connections die unseen; on a Unix socket the check would only cost time.
            pool_pre_ping=not address.local,
            pool_recycle=-1 if address.local else _RECYCLE_AFTER,
        )

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by any exception.

        Open and close it within one function, never across a `yield` dependency, and call no other service
        inside. Rows stay readable after the commit. Raises Unavailable, code `database_unavailable`, when no
        connection is to be had or the connection is lost; nothing is committed then unless the loss hit the
        commit itself; code `database_busy` when Postgres has ended this transaction because it and another one
        waited for each other. Raises Invalid, code `text_not_storable`, for text that Postgres has no way to hold.

        A row that must not change meanwhile is locked FOR NO KEY UPDATE (`key_share=True`): the stronger lock also
        holds up everybody who inserts a row that refers to it, and such waits end in a deadlock.
        """
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
                session.commit()
        except PoolTimeout as error:
            raise unavailable(f"No database connection became free within {_POOL_TIMEOUT:g} seconds.") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise unavailable("The connection to Postgres was lost.") from error
            if faults.sqlstate(error) == faults.DEADLOCK:
                raise _busy() from error
            if faults.sqlstate(error) in faults.NOT_STORABLE:
                raise _not_storable() from error
            raise

    def close(self) -> None:
        """Connections in use are closed when their unit of work ends."""
        self.engine.dispose()


def _busy() -> Unavailable:
    return Unavailable(
        "Two changes at the same time were in each other's way, and this one was not made.",
        code="database_busy",
        fix="Send it again.",
        retry_after=1,
    )


def _not_storable() -> Invalid:
    return Invalid(
        "A text holds a character that cannot be stored, such as NUL.",
        code="text_not_storable",
        fix="Leave the character out.",
    )
