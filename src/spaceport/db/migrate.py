"""Brings the schema to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from spaceport.db.database import Database

MIGRATIONS = Path(__file__).parents[3] / "migrations"

# Any number will do, as long as it never changes: replicas of two versions must not migrate at once.
_LOCK = 7860_2026


def upgrade(database: Database) -> None:
    """All missing revisions in one transaction, so that none is ever half there.

    Replicas that start together wait for each other. The lock ends with the transaction, since a session lock
    would stay behind in a transaction-mode pooler.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
