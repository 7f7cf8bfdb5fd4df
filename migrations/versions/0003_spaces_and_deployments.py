"""Spaces, their Hub accounts and uploads; deployments with their jobs, events, log and releases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "hub_account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("token_role", sa.Text(), nullable=False),
        sa.Column("organizations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("hub_account_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("hub_account_pkey")),
    )
    op.create_index(op.f("hub_account_team_id_idx"), "hub_account", ["team_id"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("upload_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("upload_pkey")),
    )
    op.create_index(op.f("upload_team_id_idx"), "upload", ["team_id"], unique=False)
    op.create_table(
        "space",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("hub_account_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sdk", sa.String(32), nullable=False),
        sa.Column("visibility", sa.String(32), nullable=False),
        sa.Column("hardware", sa.Text(), nullable=True),
        sa.Column("sleep_time", sa.Integer(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("source", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("sealed_source_token", sa.Text(), nullable=True),
        sa.Column("health", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("budgets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deployment_count", sa.BigInteger(), nullable=False),
        sa.Column("release_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["hub_account_id"], ["hub_account.id"], name=op.f("space_hub_account_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("space_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("space_pkey")),
    )
    op.create_index("ix_space_team_id_id", "space", ["team_id", "id"], unique=False)
    op.create_index(
        "uq_space_address",
        "space",
        ["endpoint", sa.literal_column("lower(owner)"), sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "upload_chunk",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("upload_chunk_upload_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "position", name=op.f("upload_chunk_pkey")),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("initiator_type", sa.String(32), nullable=False),
        sa.Column("initiator_id", sa.Text(), nullable=False),
        sa.Column("initiator_name", sa.Text(), nullable=True),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("commit_message", sa.Text(), nullable=True),
        sa.Column("commit_author", sa.Text(), nullable=True),
        sa.Column("hub_sha", sa.Text(), nullable=True),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("run_epoch", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("log_count", sa.BigInteger(), nullable=False),
        sa.Column("log_positions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starting_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verifying_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("deployment_space_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("deployment_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("deployment_pkey")),
        sa.UniqueConstraint("space_id", "number", name="uq_deployment_number"),
    )
    op.create_index("ix_deployment_space_id_id", "deployment", ["space_id", "id"], unique=False)
    op.create_index("ix_deployment_team_id_id", "deployment", ["team_id", "id"], unique=False)
    op.create_index(
        "ix_deployment_waiting",
        "deployment",
        ["space_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "uq_deployment_slot",
        "deployment",
        ["space_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('pushing', 'building', 'starting', 'verifying') OR (status = 'queued' AND waiting_for IS NULL)"
        ),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=True),
        sa.Column("deployment_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("event_deployment_id_fkey")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("event_space_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("event_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
    )
    op.create_index("ix_event_deployment_id_id", "event", ["deployment_id", "id"], unique=False)
    op.create_index("ix_event_team_id_id", "event", ["team_id", "id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("initiator_type", sa.String(32), nullable=False),
        sa.Column("initiator_id", sa.Text(), nullable=False),
        sa.Column("initiator_name", sa.Text(), nullable=True),
        sa.Column("engine_id", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("job_deployment_id_fkey")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("job_space_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("job_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("job_pkey")),
        sa.UniqueConstraint("engine_id", name=op.f("job_engine_id_key")),
    )
    op.create_index(
        "ix_job_open", "job", ["stage"], unique=False, postgresql_where="stage IN ('SCHEDULING', 'RUNNING')"
    )
    op.create_index("ix_job_team_id_id", "job", ["team_id", "id"], unique=False)
    op.create_index(op.f("job_deployment_id_idx"), "job", ["deployment_id"], unique=False)
    op.create_table(
        "log_line",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("log_line_deployment_id_fkey")),
        sa.PrimaryKeyConstraint("deployment_id", "seq", name=op.f("log_line_pkey")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hub_sha", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("configuration", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("release_deployment_id_fkey")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("release_space_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("release_team_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("release_pkey")),
        sa.UniqueConstraint("deployment_id", name=op.f("release_deployment_id_key")),
        sa.UniqueConstraint("space_id", "number", name="uq_release_number"),
    )
