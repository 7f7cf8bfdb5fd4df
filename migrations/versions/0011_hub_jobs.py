"""Hub jobs as release phases of a space's deployments, and the rollback of one that failed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("space", sa.Column("pre_deploy_job", postgresql.JSONB(), nullable=True))
    op.add_column("space", sa.Column("post_deploy_job", postgresql.JSONB(), nullable=True))
    op.add_column(
        "deployment", sa.Column("release_jobs", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("deployment", sa.Column("rolled_back_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_deployment_release_job",
        "deployment",
        ["id"],
        postgresql_where=sa.text("jsonb_path_exists(release_jobs, '$.*.stage ? (@ == null)')"),
    )
