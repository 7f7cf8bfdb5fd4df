"""What nobody asks for any more: log lines of deployments of long ago, and events."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from spaceport import clock

# Of each space, so many deployments keep their lines however old they are, and its live release does.
NEWEST = 20
# A deployment may have 50,000 lines.
_LOGS_AT_ONCE = 10
_EVENTS_AT_ONCE = 5000

_PRUNE_LOGS = text("""
    WITH old AS (
        SELECT deployment.id FROM deployment JOIN space ON space.id = deployment.space_id
        WHERE deployment.log_pruned_at IS NULL AND deployment.log_count > 0 AND deployment.finished_at < :before
            AND (space.deleted_at IS NOT NULL OR (
                deployment.number <= space.deployment_count - :newest
                AND deployment.id IS DISTINCT FROM (
                    SELECT deployment_id FROM release WHERE space_id = space.id ORDER BY number DESC LIMIT 1
                )
            ))
        ORDER BY deployment.finished_at LIMIT :at_once FOR NO KEY UPDATE OF deployment SKIP LOCKED
    ), gone AS (DELETE FROM log_line USING old WHERE log_line.deployment_id = old.id)
    UPDATE deployment SET log_pruned_at = :now FROM old WHERE deployment.id = old.id RETURNING 1
""")
# Those of a deployment stay as long as it runs or has its log: its stream is made of both.
_PRUNE_EVENTS = text("""
    DELETE FROM event WHERE id IN (
        SELECT event.id FROM event LEFT JOIN deployment ON deployment.id = event.deployment_id
        WHERE event.at < :before AND (event.deployment_id IS NULL OR (
            deployment.finished_at IS NOT NULL AND (deployment.log_pruned_at IS NOT NULL OR deployment.log_count = 0)
        ))
        LIMIT :at_once
    ) RETURNING 1
""")


def prune_logs(session: Session, *, days: int) -> bool:
    """Delete the lines of deployments that ended longer ago; 0 days keep all. Whether there may be more."""
    if days == 0:
        return False
    now = clock.now()
    given = {"now": now, "before": now - timedelta(days=days), "newest": NEWEST, "at_once": _LOGS_AT_ONCE}
    return len(session.execute(_PRUNE_LOGS, given).all()) == _LOGS_AT_ONCE


def prune_events(session: Session, *, days: int) -> bool:
    """Delete events that are older; 0 days keep all. Whether there may be more."""
    if days == 0:
        return False
    given = {"before": clock.now() - timedelta(days=days), "at_once": _EVENTS_AT_ONCE}
    return len(session.execute(_PRUNE_EVENTS, given).all()) == _EVENTS_AT_ONCE
