"""Keeping what the Hub said about Spaces. An older answer never replaces a newer one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from spaceport import text
from spaceport.hub import Runtime
from spaceport.runtime import usage
from spaceport.runtime.model import Observation

_LONGEST_ERROR = 2000


def keep(session: Session, space_id: str, runtime: Runtime, asked_at: datetime) -> None:
    """The condition alone; what is known of the rest stays."""
    upsert(session, [{"space_id": space_id, **condition(runtime), "observed_at": asked_at}])


def upsert(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of one look and of the same columns. In order of the space, so that two writers agree."""
    ordered = sorted(rows, key=lambda row: row["space_id"])
    if ordered:
        usage.accrue(session, [row["space_id"] for row in ordered], max(row["observed_at"] for row in ordered))
        statement = insert(Observation).values(ordered)
        fresh = {name: statement.excluded[name] for name in ordered[0] if name != "space_id"}
        newer = col(Observation.observed_at) <= statement.excluded.observed_at
        session.execute(statement.on_conflict_do_update(index_elements=["space_id"], set_=fresh, where=newer))


def condition(runtime: Runtime | None) -> dict[str, Any]:
    """The columns that a runtime fills; all empty without one."""
    return {
        "stage": runtime.stage if runtime else None,
        "runtime_sha": runtime.sha if runtime else None,
        "hardware": runtime.hardware if runtime else None,
        "requested_hardware": runtime.requested_hardware if runtime else None,
        "sleep_time": runtime.sleep_time if runtime else None,
        "replicas": runtime.replicas if runtime else {},
        "dev_mode": runtime.dev_mode if runtime else None,
        "domains": list(runtime.domains) if runtime else [],
        "error": text.mended(runtime.error)[:_LONGEST_ERROR] if runtime and runtime.error else None,
    }
