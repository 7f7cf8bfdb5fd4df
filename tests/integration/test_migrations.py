from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from spaceport.db import migrate
from spaceport.db.database import Database

if TYPE_CHECKING:
    from tests.conftest import Admin

VENDORED = Path(__file__).parents[2] / "migrations" / "sql" / "procrastinate_3.10.sql"


@pytest.fixture
def empty(admin: "Admin") -> Iterator[list[Database]]:
    """Three replicas' views of one database without a schema."""
    with admin.fresh(template="template0") as address:
        replicas = [Database(address, pool_size=1) for _ in range(3)]
        yield replicas
        for replica in replicas:
            replica.close()


def test_replicas_that_start_together_migrate_once_from_any_folder(
    empty: list[Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor() as threads:
        list(threads.map(migrate.upgrade, empty))
    with empty[0].engine.begin() as connection:
        script = ScriptDirectory.from_config(migrate.config(connection))
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == script.get_current_head()


def test_the_models_and_the_migrations_agree(database: Database) -> None:
    with database.engine.begin() as connection:
        command.check(migrate.config(connection))


def test_the_job_engines_schema_is_the_installed_ones() -> None:
    assert VENDORED.read_text() == SchemaManager.get_schema(), (
        "The installed job engine has another schema: add its change scripts (procrastinate/sql/migrations)"
        " as the next revision, and its schema beside the old one for this test."
    )


def test_the_job_engines_own_messages_survive_the_driver(database: Database) -> None:
    with database.unit_of_work() as session:
        source = session.execute(
            text("SELECT prosrc FROM pg_proc WHERE proname = 'procrastinate_finish_job_v1' LIMIT 1")
        ).scalar_one()
    assert "(job id: %)" in source
