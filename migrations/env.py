"""Runs revisions on the connection that `spaceport.db.migrate` or `alembic` (see alembic.ini) brings."""

from importlib import import_module
from pathlib import Path

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import spaceport
from spaceport.db.database import Database
from spaceport.settings import Settings


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("Set DATABASE_URL to the database to compare with or to migrate.")
    database = Database(settings.database_url.get_secret_value())
    with database.engine.begin() as own_connection:
        migrate(own_connection)


def migrate(connection: Connection) -> None:
    import_models()
    context.configure(connection=connection, target_metadata=SQLModel.metadata, include_name=is_ours)
    with context.begin_transaction():
        context.run_migrations()


def import_models() -> None:
    """Every noun keeps its tables in a `model.py`."""
    for model in sorted(Path(spaceport.__file__).parent.glob("*/model.py")):
        import_module(f"spaceport.{model.parent.name}.model")


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The job engine's tables come from its own SQL, not from our models."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


run()
