from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock


class Event(SQLModel, table=True):
    """A fact in the past tense, such as `deployment.failed`. `actor` is a user id, or what acted instead.

    `xact` is the transaction that wrote it: 0 for those older than the column. An `echo` tells of one space what the
    team was told once, without a space, because it concerns several.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_deployment_id_id", "deployment_id", "id"),
        Index("ix_event_team_id_id", "team_id", "id"),
        Index("ix_event_space_id_id", "space_id", "id"),
        Index("ix_event_team_id_xact_id", "team_id", "xact", "id"),
        Index("ix_event_space_id_xact_id", "space_id", "xact", "id"),
        # Rows lie in the order of their times: a summary of each stretch of the table is enough.
        Index("ix_event_at", "at", postgresql_using="brin"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    xact: int = Field(
        default=None,
        sa_column=Column(BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")),
    )
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str | None = Field(default=None, sa_column=Column(Text, ForeignKey("space.id")))
    deployment_id: str | None = Field(default=None, sa_column=Column(Text, ForeignKey("deployment.id")))
    echo: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
