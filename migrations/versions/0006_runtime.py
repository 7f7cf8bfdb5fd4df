"""More of a Space's condition; what a Space was called before; replicas and dev mode."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("observation", sa.Column("requested_hardware", sa.Text(), nullable=True))
    op.add_column(
        "observation", sa.Column("replicas", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("observation", sa.Column("dev_mode", sa.Boolean(), nullable=True))
    op.add_column(
        "observation", sa.Column("domains", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    )
    op.add_column("observation", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE observation SET requested_hardware = hardware, hardware = NULL, listed_at = observed_at")
    op.add_column("space", sa.Column("replicas", sa.Integer(), nullable=True))
    op.add_column("space", sa.Column("dev_mode", sa.Boolean(), nullable=True))
    op.add_column(
        "space", sa.Column("former_addresses", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    )
