"""Brings the schema to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from spaceport.db.connection import unavailable
from spaceport.db.database import Database

# A wheel brings them inside the package; in the repository they lie at its top.
_PACKAGED = Path(__file__).parent / "migrations"
_MIGRATIONS = _PACKAGED if _PACKAGED.exists() else Path(__file__).parents[3] / "migrations"

# Any number will do, as long as it never changes: replicas of two versions must not migrate at once.
_LOCK = 7860_2026


def upgrade(database: Database) -> None:
    """Runs all missing revisions in one transaction, so that none is ever half there.

    Replicas that start together wait for each other. The lock ends with the transaction, since a session lock
    would stay behind in a transaction-mode pooler. Raises Unavailable when the database is not there, or goes.
    """
    try:
        with database.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            command.upgrade(config(connection), "head")
    except DBAPIError as error:
        if error.connection_invalidated:
            raise unavailable("The connection to Postgres was lost while migrating.") from error
        raise


def config(connection: Connection) -> Config:
    """Alembic's configuration for one of its commands on this connection, from any working directory."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
