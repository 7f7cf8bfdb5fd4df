"""Keeping what the Hub listed, and concluding drift from it once it was seen twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport.deployments import slot
from spaceport.hub import Head
from spaceport.runtime import observations
from spaceport.runtime.model import Observation
from spaceport.spaces import drift
from spaceport.spaces.drift import Applied, Differences, Seen
from spaceport.spaces.model import Space

# What we last applied, and whether a deployment may have changed the Space while the Hub was being asked.
_APPLIED = text("""
    SELECT space.id,
        (SELECT hub_sha FROM deployment WHERE space_id = space.id AND hub_sha IS NOT NULL
         ORDER BY pushed_at DESC LIMIT 1) AS sha,
        (SELECT hub_sha FROM release WHERE space_id = space.id ORDER BY number DESC LIMIT 1) AS release_sha,
        space.updated_at > :asked_at OR EXISTS (
            SELECT FROM deployment WHERE space_id = space.id
            AND (started_at IS NOT NULL AND finished_at IS NULL OR finished_at > :asked_at)
        ) AS unsettled
    FROM space WHERE space.id = ANY(:ids)
""")


@dataclass(frozen=True)
class _Look:
    """One managed space, what we last applied and what the Hub listed."""

    space: Space
    applied: Applied
    head: Head | None
    unsettled: bool

    @property
    def differences(self) -> Differences:
        return drift.differences(self.space, self.applied, _seen(self.head) if self.head else None)


def store(
    session: Session, spaces: Iterable[Space], heads: Mapping[str, Head], asked_at: datetime
) -> dict[str, Differences]:
    """Keep what was listed, by lower-case address, when the Hub was asked at `asked_at`.

    Returns the confirmed differences of the spaces whose drift has changed, by space.
    """
    looks = _looks(session, spaces, heads, asked_at)
    before = _differences_before(session, looks)
    rows, changed = [], {}
    for look in looks:
        found = [] if look.unsettled else look.differences
        rows.append(_row(look, found, asked_at))
        # Seen twice in a row, so that a listing that lags behind is not taken for drift.
        known = {difference["field"] for difference in (*before.get(look.space.id, []), *look.space.drift)}
        confirmed = [difference for difference in found if difference["field"] in known]
        if not look.unsettled and confirmed != look.space.drift:
            changed[look.space.id] = confirmed
    observations.upsert(session, rows)
    return changed


def settle(session: Session, space_id: str, confirmed: Differences, asked_at: datetime) -> None:
    """Record the drift of a space, under its lock and only if nothing was deployed since the Hub was asked."""
    space = slot.lock(session, space_id)
    row = session.execute(_APPLIED, {"ids": [space_id], "asked_at": asked_at}).one()
    if not row.unsettled and space.deleted_at is None:
        drift.settle(session, space, confirmed)


def _looks(session: Session, spaces: Iterable[Space], heads: Mapping[str, Head], asked_at: datetime) -> list[_Look]:
    by_id = {space.id: space for space in spaces if space.created_at < asked_at}
    rows = session.execute(_APPLIED, {"ids": list(by_id), "asked_at": asked_at}).all()
    return [
        _Look(
            space=(space := by_id[row.id]),
            applied=Applied(row.sha, row.release_sha),
            head=heads.get(space.repo_id.lower()),
            unsettled=row.unsettled,
        )
        for row in rows
    ]


def _differences_before(session: Session, looks: list[_Look]) -> dict[str, Differences]:
    statement = select(Observation).where(col(Observation.space_id).in_([look.space.id for look in looks]))
    return {row.space_id: row.differences for row in session.exec(statement)}


def _row(look: _Look, found: Differences, asked_at: datetime) -> dict[str, Any]:
    head = look.head
    return {
        "space_id": look.space.id,
        **observations.condition(head.runtime if head else None),
        "hub_sha": head.sha if head else None,
        "visibility": ("private" if head.private else "public") if head else None,
        "differences": found,
        "listed_at": asked_at,
        "observed_at": asked_at,
    }


def _seen(head: Head) -> Seen:
    runtime = head.runtime
    return Seen(
        sha=head.sha,
        runtime_sha=runtime.sha if runtime else None,
        private=head.private,
        hardware=runtime.requested_hardware if runtime else None,
        sleep_time=runtime.sleep_time if runtime else None,
        replicas=runtime.replicas.get("requested") if runtime else None,
    )
