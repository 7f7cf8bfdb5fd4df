"""What happens in a team or on a space, as server-sent events.

Transactions of a team commit in any order, and an event's number is drawn before its transaction commits: a reader that
went by numbers alone would step over one that comes late. So events are read in the order of their transactions, and
only those behind which no older transaction is still open. A cursor is `<transaction>.<event>`.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, text
from sqlmodel import Session, col, select, tuple_

from spaceport.db.database import Database
from spaceport.events.feed import Batch, Cursor
from spaceport.events.frames import frame, parse_cursor
from spaceport.events.model import Event

_MOST_EVENTS = 500
_SETTLED = text("event.xact < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")


def resume(session: Session, topic: str, last_event_id: str | None) -> Cursor:
    """Where a viewer goes on; without a cursor, or with one of another database's making, from now on."""
    newest = session.exec(
        select(Event.xact, Event.id).where(_of(topic), _SETTLED).order_by(col(Event.xact).desc(), col(Event.id).desc())
    ).first()
    now: Cursor = (newest[0], newest[1] or 0) if newest else (0, 0)
    seen = parse_cursor(last_event_id)
    return min(seen, now) if seen else now


def page(
    session: Session, topic: str, *, before: int | None, limit: int, kinds: str = "", without: str = ""
) -> list[Event]:
    """Newest first; `before` is the last id of the page before. `kinds` and `without` are regular expressions: what an
    event's kind must match and must not match."""
    statement = select(Event).where(_of(topic))
    if kinds:
        statement = statement.where(col(Event.kind).regexp_match(kinds))
    if without:
        statement = statement.where(~col(Event.kind).regexp_match(without))
    if before is not None:
        statement = statement.where(col(Event.id) < before)
    return list(session.exec(statement.order_by(col(Event.id).desc()).limit(limit)))


class ActivityReader:
    """For the feed: the events of a team (`team_…`) or of a space (`space_…`). It never ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, topic: str, cursor: Cursor, upto: Cursor | None) -> Batch:
        with self._database.unit_of_work() as session:
            events = _events(session, topic, cursor, upto)
        frames = []
        for event in events:
            assert event.id is not None
            cursor = (event.xact, event.id)
            frames.append(frame(cursor, event.kind, _data(event)))
        return Batch("".join(frames).encode(), cursor, ended=False)

    def ahead(self, cursor: Cursor, of: Cursor) -> bool:
        return cursor > of


def _events(session: Session, topic: str, after: Cursor, upto: Cursor | None) -> Sequence[Event]:
    position = tuple_(col(Event.xact), col(Event.id))
    statement = select(Event).where(_of(topic), _SETTLED, position > after)
    if upto is not None:
        statement = statement.where(position <= upto)
    return session.exec(statement.order_by(col(Event.xact), col(Event.id)).limit(_MOST_EVENTS)).all()


def _of(topic: str) -> ColumnElement[bool]:
    if topic.startswith("space_"):
        return col(Event.space_id) == topic
    return and_(col(Event.team_id) == topic, ~col(Event.echo))


def _data(event: Event) -> dict[str, object]:
    ids = {"space_id": event.space_id, "deployment_id": event.deployment_id}
    return {"at": event.at.isoformat(), "actor": event.actor, **ids, **event.data}
