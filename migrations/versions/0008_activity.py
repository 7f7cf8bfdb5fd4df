"""Events in the order of their transactions, so that who follows a team misses none; changes with `If-Match`."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("event", sa.Column("xact", sa.BigInteger(), server_default="0", nullable=False))
    op.alter_column("event", "xact", server_default=sa.text("(pg_current_xact_id()::text)::bigint"))
    op.create_index("ix_event_space_id_id", "event", ["space_id", "id"])
    op.create_index("ix_event_space_id_xact_id", "event", ["space_id", "xact", "id"])
    op.create_index("ix_event_team_id_xact_id", "event", ["team_id", "xact", "id"])
    op.create_table(
        "conditional_change",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
