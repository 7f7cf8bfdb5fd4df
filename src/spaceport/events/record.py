"""Writing events. The notification is a hint that wakes readers; the rows are the truth."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from spaceport.db import bulk
from spaceport.events.model import Event

CHANNEL = "spaceport_event"
_HINT = text("SELECT pg_notify(:channel, :topics)")
# A notification holds 8,000 bytes.
_TOPICS = 200


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


def record_about(
    session: Session, kind: str, *, team_id: str, actor: str, space_ids: Sequence[str], **data: Any
) -> None:
    """A fact that concerns these spaces: told of each of them, and of the team once."""
    if len(space_ids) == 1:
        record(session, kind, team_id=team_id, actor=actor, space_id=space_ids[0], **data)
        return
    record(session, kind, team_id=team_id, actor=actor, **data)
    echoes = [
        Event(kind=kind, team_id=team_id, actor=actor, space_id=space_id, data=data, echo=True)
        for space_id in space_ids
    ]
    bulk.insert(session, echoes)
    _hint_all(session, space_ids)


def record_many(
    session: Session, kind: str, *, actor: str, about: Sequence[tuple[str, str, str, dict[str, Any]]]
) -> None:
    """The same fact of many new deployments, which nobody follows yet: (team, space, deployment, data) each."""
    rows = [
        Event(kind=kind, actor=actor, team_id=team_id, space_id=space_id, deployment_id=deployment_id, data=data)
        for team_id, space_id, deployment_id, data in about
    ]
    bulk.insert(session, rows)
    _hint_all(session, sorted({topic for row in rows for topic in (row.team_id, row.space_id) if topic}))


def hint(session: Session, *topics: str) -> None:
    """Wake the readers of these topics when this transaction commits."""
    session.execute(_HINT, {"channel": CHANNEL, "topics": " ".join(topics)})


def _hint_all(session: Session, topics: Sequence[str]) -> None:
    for begin in range(0, len(topics), _TOPICS):
        hint(session, *topics[begin : begin + _TOPICS])
