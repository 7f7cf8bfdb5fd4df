"""Users, teams, memberships, and the sessions of those who signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("password_hash", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.UniqueConstraint("email", name="user_account_email_key"),
        sa.CheckConstraint("email = lower(email)", name="user_account_email_check"),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("personal", sa.Boolean, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.UniqueConstraint("slug", name="team_slug_key"),
    )
    op.create_table(
        "membership",
        sa.Column("team_id", sa.String, sa.ForeignKey("team.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'deployer', 'admin', 'owner')", name="membership_role_check"),
    )
    op.create_index("membership_user_id_idx", "membership", ["user_id"])
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("family_hash", sa.String, nullable=False),
        sa.Column("refresh_hash", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("user_agent", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("last_used_at", TIMESTAMP, nullable=False),
        sa.Column("expires_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP),
        sa.Column("end_reason", sa.String(32)),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="sign_in_session_end_check"),
        sa.CheckConstraint("end_reason IN ('signed_out', 'reuse_detected')", name="sign_in_session_end_reason_check"),
    )
    op.create_index("sign_in_session_user_id_idx", "sign_in_session", ["user_id"])
    op.create_table(
        "sign_in_throttle",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("window_started_at", TIMESTAMP, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("sign_in_throttle_window_started_at_idx", "sign_in_throttle", ["window_started_at"])
