"""A deployment's events and log lines as server-sent events, in the order in which they happened.

A frame's id is `<last event>.<last line>`: together they are the cursor from which a viewer resumes.
"""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from spaceport.db.database import Database
from spaceport.deployments.model import Deployment, LogLine
from spaceport.deployments.states import Status
from spaceport.events.feed import Batch, Cursor
from spaceport.events.frames import frame, parse_cursor
from spaceport.events.model import Event

_MOST_LINES = 2_000
_FINAL = frozenset(f"deployment.{status}" for status in Status if status.final)


def resume(session: Session, deployment: Deployment, last_event_id: str | None) -> Cursor | None:
    """Where a viewer goes on; None when the deployment has ended and the viewer has seen all of it.

    Never ahead of what there is: the readers of one deployment share a cursor.
    """
    seen = parse_cursor(last_event_id) or (0, 0)
    newest = latest(session, deployment)
    cursor = (min(seen[0], newest[0]), min(seen[1], newest[1]))
    return None if deployment.status.final and cursor == newest else cursor


def latest(session: Session, deployment: Deployment) -> Cursor:
    """The cursor of one who has seen all that there was when the deployment was read."""
    last = session.exec(select(func.max(Event.id)).where(Event.deployment_id == deployment.id)).one()
    return (last or 0, 0 if deployment.log_pruned_at else deployment.log_count)


class DeploymentReader:
    """For the feed: what happened to a deployment. Its events and its log lines are counted apart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, topic: str, cursor: Cursor, upto: Cursor | None) -> Batch:
        with self._database.unit_of_work() as session:
            # The deployment first: rows that are read after it can only be more.
            deployment = session.get_one(Deployment, topic)
            events = _events(session, topic, cursor[0], upto[0] if upto else None)
            lines = _lines(session, topic, cursor[1], upto[1] if upto else None)
        if more := len(lines) == _MOST_LINES:
            # The rest of the log comes first: an end must stay the last thing a viewer sees.
            events = list(itertools.takewhile(lambda event: event.kind not in _FINAL, events))
        frames, cursor = _encode(events, lines, cursor)
        return Batch(frames, cursor, ended=deployment.status.final and not more)

    def ahead(self, cursor: Cursor, of: Cursor) -> bool:
        return cursor[0] > of[0] or cursor[1] > of[1]


def _events(session: Session, deployment_id: str, after: int, upto: int | None) -> Sequence[Event]:
    statement = select(Event).where(Event.deployment_id == deployment_id, col(Event.id) > after)
    if upto is not None:
        statement = statement.where(col(Event.id) <= upto)
    return session.exec(statement.order_by(col(Event.id))).all()


def _lines(session: Session, deployment_id: str, after: int, upto: int | None) -> Sequence[LogLine]:
    statement = select(LogLine).where(LogLine.deployment_id == deployment_id, LogLine.seq > after)
    if upto is not None:
        statement = statement.where(LogLine.seq <= upto)
    return session.exec(statement.order_by(col(LogLine.seq)).limit(_MOST_LINES)).all()


def _encode(events: Sequence[Event], lines: Sequence[LogLine], cursor: Cursor) -> tuple[bytes, Cursor]:
    encoded = []
    for item in _in_order(events, lines):
        if isinstance(item, Event):
            assert item.id is not None
            # The final event is shown last, although something may have become known after it.
            cursor = (max(item.id, cursor[0]), cursor[1])
            data = {"at": item.at.isoformat(), "actor": item.actor, **item.data}
            encoded.append(frame(cursor, item.kind, data))
        else:
            cursor = (cursor[0], item.seq)
            data = {"seq": item.seq, "step": item.step, "at": item.at.isoformat(), "line": item.line}
            encoded.append(frame(cursor, "log", data))
    return "".join(encoded).encode(), cursor


def _in_order(events: Sequence[Event], lines: Sequence[LogLine]) -> Iterator[Event | LogLine]:
    """By time, each kind in its own order, and the final event behind everything."""
    final = [event for event in events if event.kind in _FINAL]
    others = [event for event in events if event.kind not in _FINAL]
    merged: Iterator[Event | LogLine] = heapq.merge(others, lines, key=_at)
    yield from merged
    yield from final


def _at(item: Event | LogLine) -> datetime:
    return item.at
