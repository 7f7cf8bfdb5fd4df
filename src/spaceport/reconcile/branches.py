"""Which branches are followed, and which of them is to be looked at now. One look per repository and ref."""

import random
from datetime import datetime, timedelta

from sqlalchemy import text, update
from sqlmodel import Session, col

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


def claim(session: Session) -> SourceWatch | None:
    """A watch that is due, now taken by the caller; one replica gets it."""
    now = clock.now()
    session.execute(_NEW)
    session.execute(_GONE)
    soonest = now - timedelta(seconds=ACTIVE_EVERY * (1 - _JITTER))
    for row in session.execute(_CANDIDATES, {"active_since": now - ACTIVE_FOR, "soonest": soonest}).all():
        if row.checked_at is not None and due_at(row.checked_at, row.spread, active=bool(row.active)) > now:
            continue
        taken = (
            update(SourceWatch)
            .where(
                col(SourceWatch.team_id) == row.team_id,
                col(SourceWatch.url) == row.url,
                col(SourceWatch.ref) == row.ref,
                col(SourceWatch.checked_at).is_not_distinct_from(row.checked_at),
            )
            .values(checked_at=now, spread=random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - spreads load
        )
        if session.execute(taken.returning(col(SourceWatch.url))).first() is not None:
            return session.get_one(SourceWatch, (row.team_id, row.url, row.ref))
    return None
