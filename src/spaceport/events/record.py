"""Writing events. The notification is a hint that wakes readers; the rows are the truth."""

from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from spaceport.events.model import Event

CHANNEL = "spaceport_event"
_HINT = text("SELECT pg_notify(:channel, :topics)")


def record(
    session: Session,
    kind: str,
    *,
    team_id: str,
    actor: str,
    space_id: str | None = None,
    deployment_id: str | None = None,
    **data: Any,
) -> None:
    """Append a fact in the caller's transaction. `data` must never hold a secret."""
    session.add(
        Event(kind=kind, team_id=team_id, actor=actor, space_id=space_id, deployment_id=deployment_id, data=data)
    )
    hint(session, *filter(None, (team_id, space_id, deployment_id)))


def hint(session: Session, *topics: str) -> None:
    """Wake the readers of these topics when this transaction commits."""
    session.execute(_HINT, {"channel": CHANNEL, "topics": " ".join(topics)})
