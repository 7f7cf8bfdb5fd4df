"""The budgets of Hub accounts in the database: where replicas tell each other what is left."""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from spaceport import clock
from spaceport.db.database import Database
from spaceport.errors import Unavailable
from spaceport.hub.budget import Window

_READ = text("""
    SELECT quota, remaining, window_ends_at, window_seconds FROM hub_budget WHERE hub_account_id = :hub_account_id
""")
# The same rule as `Window.merged`: a later window replaces, in the same one the lowest counts, an older is ignored.
_MERGE = text("""
    INSERT INTO hub_budget AS known (hub_account_id, quota, remaining, window_ends_at, window_seconds, updated_at)
    VALUES (:hub_account_id, :quota, :remaining, :ends_at, :length, :now)
    ON CONFLICT (hub_account_id) DO UPDATE SET
        quota = excluded.quota,
        remaining = CASE
            WHEN excluded.window_ends_at > known.window_ends_at + make_interval(secs => excluded.window_seconds / 2)
            THEN excluded.remaining
            ELSE least(excluded.remaining, known.remaining)
        END,
        window_ends_at = greatest(excluded.window_ends_at, known.window_ends_at),
        window_seconds = excluded.window_seconds,
        updated_at = excluded.updated_at
    WHERE excluded.window_ends_at >= known.window_ends_at - make_interval(secs => excluded.window_seconds / 2)
""")

log = structlog.get_logger()


class BudgetTable:
    """The store of `Budgets`. A database that is down costs the replicas' agreement, never a deployment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, account_id: str) -> Window | None:
        try:
            with self._database.unit_of_work() as session:
                row = session.execute(_READ, {"hub_account_id": account_id}).first()
        except (Unavailable, SQLAlchemyError) as error:
            log.warning("hub_budget.not_read", reason=type(error).__name__)
            return None
        return Window(row.quota, row.remaining, row.window_ends_at, row.window_seconds) if row else None

    def write(self, account_id: str, window: Window) -> None:
        facts = {
            "hub_account_id": account_id,
            "quota": window.quota,
            "remaining": window.remaining,
            "ends_at": window.ends_at,
            "length": window.length,
            "now": clock.now(),
        }
        try:
            with self._database.unit_of_work() as session:
                session.execute(_MERGE, facts)
        except (Unavailable, SQLAlchemyError) as error:
            log.warning("hub_budget.not_written", reason=type(error).__name__)
