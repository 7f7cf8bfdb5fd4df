from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock


class Event(SQLModel, table=True):
    """A fact in the past tense, such as `deployment.failed`. `actor` is a user id, or what acted instead."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_deployment_id_id", "deployment_id", "id"),
        Index("ix_event_team_id_id", "team_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str | None = Field(default=None, sa_column=Column(Text, ForeignKey("space.id")))
    deployment_id: str | None = Field(default=None, sa_column=Column(Text, ForeignKey("deployment.id")))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
