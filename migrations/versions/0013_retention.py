"""What is let go in time; and facts of a team that are told of each space that they concern."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("deployment", sa.Column("log_pruned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deployment_log_kept",
        "deployment",
        ["finished_at"],
        postgresql_where=sa.text("log_pruned_at IS NULL AND log_count > 0"),
    )
    op.add_column("event", sa.Column("echo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_event_at", "event", ["at"], postgresql_using="brin")
