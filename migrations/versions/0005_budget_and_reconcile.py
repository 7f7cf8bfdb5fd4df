"""The Hub's quota as a budget; observed Spaces, drift, and branches that are followed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "hub_budget",
        sa.Column("hub_account_id", sa.Text(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_seconds", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hub_account_id"], ["hub_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hub_account_id"),
    )
    op.create_table(
        "hub_sweep",
        sa.Column("hub_account_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hub_account_id"], ["hub_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hub_account_id", "owner"),
    )
    op.create_table(
        "observation",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("hub_sha", sa.Text(), nullable=True),
        sa.Column("runtime_sha", sa.Text(), nullable=True),
        sa.Column("hardware", sa.Text(), nullable=True),
        sa.Column("sleep_time", sa.Integer(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("differences", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id"),
    )
    op.create_table(
        "source_watch",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spread", sa.Float(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "url", "ref"),
    )
    op.add_column("space", sa.Column("auto_deploy", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("space", sa.Column("drift", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("space", sa.Column("drifted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deployment", sa.Column("held_seconds", sa.Float(), server_default=sa.text("0"), nullable=False))
