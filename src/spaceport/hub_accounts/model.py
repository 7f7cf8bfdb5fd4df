"""The SQLModel family of a Hub account: a sealed token and who it belongs to on the Hub."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, SecretStr, StringConstraints, field_validator
from sqlalchemy import Column, DateTime, Float, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock, ids


class HubAccount(SQLModel, table=True):
    """`origin` is `stored`, or `environment` for the one that HF_TOKEN gives; that one has no sealed token."""

    __tablename__ = "hub_account"

    id: str = Field(default_factory=lambda: ids.new("hub"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False, index=True))
    endpoint: str = Field(sa_column=Column(Text, nullable=False))
    origin: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    plan: str = Field(sa_column=Column(Text, nullable=False))
    token_role: str = Field(sa_column=Column(Text, nullable=False))
    organizations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    sealed_token: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    checked_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class HubBudget(SQLModel, table=True):
    """What the Hub last said about an account's quota of API calls, lowest first within a window."""

    __tablename__ = "hub_budget"

    hub_account_id: str = Field(
        sa_column=Column(Text, ForeignKey("hub_account.id", ondelete="CASCADE"), primary_key=True)
    )
    quota: int = Field(sa_column=Column(Integer, nullable=False))
    remaining: int = Field(sa_column=Column(Integer, nullable=False))
    window_ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    window_seconds: float = Field(sa_column=Column(Float, nullable=False))
    updated_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class HubAccountCreate(SQLModel):
    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    token: SecretStr = Field(min_length=1, max_length=500, description="A Hub token with write access.")
    team_id: Annotated[str, StringConstraints(pattern=r"^team_[0-9a-z]{26}$")] | None = Field(
        None, description="Team it is for; your personal team when left out."
    )

    @field_validator("token")
    @classmethod
    def _fits_in_a_header(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value().strip()
        if not token or any(not "!" <= character <= "~" for character in token):
            raise ValueError("must be letters, digits and punctuation without spaces, like hf_…")
        return SecretStr(token)


class HubOrganization(SQLModel):
    name: str
    plan: str | None = None
    role: str | None = None


class HubBudgetPublic(SQLModel):
    """The Hub's own count of API calls, by whoever made them. `resets_at` is null once the window has ended."""

    quota: int
    used: int
    remaining: int
    resets_at: datetime | None


class HubAccountPublic(SQLModel):
    """Everything about a Hub account but its token."""

    id: str
    team_id: str
    endpoint: str
    origin: str
    name: str
    plan: str
    token_role: str
    organizations: list[HubOrganization]
    created_at: datetime
    checked_at: datetime
    budget: HubBudgetPublic | None = Field(None, description="Null until the Hub has been called for this account.")
