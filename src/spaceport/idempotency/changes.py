"""One conditional change of a resource at a time on all replicas: else two would both find it unchanged."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from spaceport import clock, ids
from spaceport.idempotency.model import ConditionalChange

# For one that died. No change takes as long: it waits for the Hub a minute at most.
_LEASE = timedelta(minutes=2)


def begin(session: Session, path: str) -> str | None:
    """The run that may change it now; None while another one does. Commit before the change."""
    now, run_id = clock.now(), ids.new("run")
    taken = {"run_id": run_id, "lease_until": now + _LEASE}
    statement = insert(ConditionalChange).values(path=path, **taken)
    free = col(ConditionalChange.lease_until) <= now
    statement = statement.on_conflict_do_update(index_elements=["path"], set_=taken, where=free)
    found = session.execute(statement.returning(col(ConditionalChange.run_id))).first()
    return run_id if found else None


def end(session: Session, path: str, run_id: str) -> None:
    mine = (col(ConditionalChange.path) == path, col(ConditionalChange.run_id) == run_id)
    session.execute(delete(ConditionalChange).where(*mine))
