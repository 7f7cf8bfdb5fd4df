"""The job engine's schema, as its version 3.10 has it.

The SQL is a copy: a revision must not change with the installed library. A newer library brings its own change
scripts; each becomes a new revision with a new file in `sql/`.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = Path(__file__).parents[1] / "sql" / "procrastinate_3.10.sql"


def upgrade() -> None:
    # Without parameters the driver sends the text as it is: many statements, and % and : have no meaning.
    op.get_bind().exec_driver_sql(SCHEMA.read_text(encoding="utf-8"))
