"""Who brings what is staged to the Hub: one at a time for a space, and somebody else when that one has died."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from spaceport import clock, ids
from spaceport.configuration import queries
from spaceport.configuration.model import Application
from spaceport.db.database import Database
from spaceport.errors import Conflict, Unavailable
from spaceport.spaces.model import Space

# Renewed before every call to the Hub, and longer than one can take.
_LEASE = timedelta(seconds=90)
TAKEN_OVER = "configuration_taken_over"


def begin(session: Session, space: Space, *, asked_by: str, deployment_id: str | None = None) -> Application | None:
    """Take it on, or go on with one that was left; None when there is nothing to do. The caller has locked the space.

    Raises Unavailable `configuration_busy` while somebody else is at it. A deployment never waits for an earlier run
    of its own.
    """
    left = _open(session, space.id)
    if left is None:
        if not queries.staged(session, space.id):
            return None
        left = Application(space_id=space.id, asked_by=asked_by, lease_until=clock.now(), deployment_id=deployment_id)
    elif left.lease_until > clock.now() and (deployment_id is None or left.deployment_id != deployment_id):
        raise _busy(left)
    left.run_id, left.lease_until = ids.new("run"), clock.now() + _LEASE
    left.deployment_id = deployment_id or left.deployment_id
    session.add(left)
    session.flush()
    return left


def require_none(session: Session, space: Space) -> None:
    """Raises Unavailable `configuration_busy` while one is open, also one that waits to be gone on with."""
    if left := _open(session, space.id):
        raise _busy(left)


def left(session: Session) -> list[Application]:
    """Those whose worker has died, or could not go on because the Hub did not answer."""
    statement = select(Application).where(
        col(Application.finished_at).is_(None), col(Application.lease_until) <= clock.now()
    )
    return list(session.exec(statement.order_by(Application.id)))


def is_open(session: Session, application: Application) -> bool:
    row = session.get(Application, application.id)
    return row is not None and row.finished_at is None


def mark(database: Database, application: Application, **changes: Any) -> None:
    """Renew the lease and note what is about to happen. Raises Conflict when somebody else has taken over."""
    with database.unit_of_work() as session:
        _write(session, application, lease_until=clock.now() + _LEASE, **changes)
    for name, value in changes.items():
        setattr(application, name, value)


def finish(session: Session, application: Application, failure: str | None = None) -> None:
    """Raises Conflict when somebody else has taken over."""
    _write(session, application, finished_at=clock.now(), failure=failure)


def leave(session: Session, application: Application, failure: str) -> None:
    """For somebody else to go on with, at once."""
    _write(session, application, lease_until=clock.now(), failure=failure)


def _write(session: Session, application: Application, **changes: Any) -> None:
    mine = update(Application).where(
        col(Application.id) == application.id,
        col(Application.run_id) == application.run_id,
        col(Application.finished_at).is_(None),
    )
    if session.execute(mine.values(**changes).returning(col(Application.id))).first() is None:
        raise Conflict(
            "Somebody else has taken over applying the configuration of this space.",
            code=TAKEN_OVER,
            fix="Look at what is still staged.",
        )


def _open(session: Session, space_id: str) -> Application | None:
    statement = select(Application).where(Application.space_id == space_id, col(Application.finished_at).is_(None))
    return session.exec(statement.with_for_update(key_share=True)).first()


def _busy(application: Application) -> Unavailable:
    return Unavailable(
        "Configuration is being applied to this space."
        + (f" It could not be completed yet: {application.failure}" if application.failure else ""),
        code="configuration_busy",
        fix="Try again in a moment; it goes on by itself.",
        retry_after=5,
    )
