"""Which branches are followed, and which repository is to be looked at now: one look serves all of its branches."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, select

from spaceport import clock
from spaceport.reconcile.model import SourceWatch

ACTIVE_EVERY = 60.0
IDLE_EVERY = 900.0
ACTIVE_FOR = timedelta(hours=1)
_JITTER = 0.1

_URL, _REF = "space.source ->> 'url'", "coalesce(space.source ->> 'ref', '')"
_FOLLOWED = "space.deleted_at IS NULL AND space.auto_deploy AND space.source ->> 'kind' = 'git'"
_WATCHED = f"{_FOLLOWED} AND space.team_id = watch.team_id AND {_URL} = watch.url AND {_REF} = watch.ref"
_NEW = text(f"""
    INSERT INTO source_watch (team_id, url, ref, spread)
    SELECT DISTINCT team_id, {_URL}, {_REF}, 1.0 FROM space WHERE {_FOLLOWED} ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - constants of ours
_GONE = text(f"""
    DELETE FROM source_watch watch WHERE NOT EXISTS (SELECT FROM space WHERE {_WATCHED})
""")  # noqa: S608 - constants of ours
# Active: deployed, or moved, within the last hour.
_CANDIDATES = text(f"""
    SELECT watch.team_id, watch.url, watch.ref, watch.checked_at, watch.spread,
        watch.moved_at > :active_since OR EXISTS (
            SELECT FROM space JOIN deployment ON deployment.space_id = space.id
            WHERE {_WATCHED} AND deployment.created_at > :active_since
        ) AS active
    FROM source_watch watch WHERE checked_at IS NULL OR checked_at < :soonest ORDER BY checked_at NULLS FIRST
""")  # noqa: S608 - constants of ours


def due_at(checked_at: datetime, spread: float, *, active: bool) -> datetime:
    """When to look again. `spread` lies around 1, so that looks of one minute do not stay together."""
    return checked_at + timedelta(seconds=(ACTIVE_EVERY if active else IDLE_EVERY) * spread)


def claim(session: Session) -> list[SourceWatch]:
    """All watches of a repository of which one is due, now taken by the caller; one replica gets them."""
    now = clock.now()
    session.execute(_NEW)
    session.execute(_GONE)
    soonest = now - timedelta(seconds=ACTIVE_EVERY * (1 - _JITTER))
    for row in session.execute(_CANDIDATES, {"active_since": now - ACTIVE_FOR, "soonest": soonest}).all():
        if row.checked_at is not None and due_at(row.checked_at, row.spread, active=bool(row.active)) > now:
            continue
        if found := _take(session, row, now):
            return found
    return []


def _take(session: Session, row: Row[Any], now: datetime) -> list[SourceWatch]:
    """Nothing when another replica was first. Locked in one order, so that two never wait for each other."""
    mine = select(SourceWatch).where(SourceWatch.team_id == row.team_id, SourceWatch.url == row.url)
    watches = list(session.exec(mine.order_by(SourceWatch.ref).with_for_update(key_share=True)))
    if row.checked_at not in [watch.checked_at for watch in watches if watch.ref == row.ref]:
        return []
    spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load
    for watch in watches:
        watch.checked_at, watch.spread = now, spread
    return watches
