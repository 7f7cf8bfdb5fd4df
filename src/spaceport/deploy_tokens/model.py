"""The SQLModel family of a deploy token."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Text
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.accounts.model import Input, Name

LONGEST_DAYS = 366


class DeployToken(SQLModel, table=True):
    """Only a hash of its secret is stored. It counts while its maker is in the team and may deploy."""

    __tablename__ = "deploy_token"

    id: str = Field(default_factory=lambda: ids.new("dtk"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False, index=True))
    created_by: str = Field(sa_column=Column(Text, ForeignKey("user_account.id"), nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    secret_hash: str = Field(repr=False, sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class DeployTokenCreate(Input):
    name: Name = Field(schema_extra={"examples": ["github actions"]})
    expires_in_days: int = Field(90, ge=1, le=LONGEST_DAYS)


class DeployTokenPublic(SQLModel):
    """`last_used_at` is right to the minute."""

    id: str
    name: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class DeployTokenIssued(DeployTokenPublic):
    token: str = Field(description="Shown this once. Keep it as a secret of your CI.", repr=False)
