"""The SQLModel families of an incoming hook, its deliveries and what was decided about them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.db.columns import by_value
from spaceport.webhooks.providers import Provider
from spaceport.webhooks.rules import Outcome

# Printable, as Hugging Face asks of its secrets, and long enough that nobody guesses it.
Secret = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{16,200}$")]
HostToken = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,1000}$")]


class Status(StrEnum):
    """What became of a delivery. `deployed`: at least one space; `deciding`: Git is being asked."""

    DEPLOYED = "deployed"
    IGNORED = "ignored"
    DECIDING = "deciding"
    PING = "ping"


class Hook(SQLModel, table=True):
    """One per repository and team: it serves every space of the team that takes its code from there.

    `forged_count` counts what did not prove where it came from; nothing else is kept of it.
    """

    __tablename__ = "hook"
    __table_args__ = (
        Index(
            "uq_hook_repository",
            "team_id",
            "provider",
            "repository",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: ids.new("hook"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    provider: Provider = Field(sa_column=Column(by_value(Provider), nullable=False))
    repository: str = Field(sa_column=Column(Text, nullable=False))
    sealed_secret: str = Field(sa_column=Column(Text, nullable=False))
    installed_as: str | None = Field(default=None, sa_column=Column(Text))
    verified_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    forged_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    forged_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))

    @property
    def secret_context(self) -> str:
        return f"hook:{self.id}:secret"


class Delivery(SQLModel, table=True):
    """One call of a hook, authentic and told apart by the host's own id for it (`key`).

    `pushes` is what its payload was understood as. `attempts` and `decide_after` are the worker's, while it asks
    Git.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("uq_delivery_key", "hook_id", "key", unique=True),
        Index("ix_delivery_team_id_id", "team_id", "id"),
        Index("ix_delivery_deciding", "decide_after", postgresql_where=text("status = 'deciding'")),
        Index("ix_delivery_received_at", "received_at"),
    )

    id: str = Field(default_factory=lambda: ids.new("dlv"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    hook_id: str = Field(sa_column=Column(Text, ForeignKey("hook.id"), nullable=False))
    provider: Provider = Field(sa_column=Column(by_value(Provider), nullable=False))
    key: str = Field(sa_column=Column(Text, nullable=False))
    event: str = Field(sa_column=Column(Text, nullable=False))
    repository: str | None = Field(default=None, sa_column=Column(Text))
    status: Status = Field(sa_column=Column(by_value(Status), nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    headers: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    pushes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    payload: str = Field(sa_column=Column(Text, nullable=False))
    payload_bytes: int = Field(sa_column=Column(Integer, nullable=False))
    redelivery_of: str | None = Field(default=None, sa_column=Column(Text))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    decide_after: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    received_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class Decision(SQLModel, table=True):
    """What was decided about one space because of one push of a delivery, and why."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_space_id_revision", "space_id", "revision"),)

    delivery_id: str = Field(sa_column=Column(Text, ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    ref: str = Field(sa_column=Column(Text, primary_key=True))
    revision: str | None = Field(default=None, sa_column=Column(Text))
    outcome: Outcome = Field(sa_column=Column(by_value(Outcome), nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    deployment_id: str | None = Field(default=None, sa_column=Column(Text, ForeignKey("deployment.id")))


class HookCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: Provider | None = Field(default=None, description="Known from the repository's address where left out.")
    secret: Secret | None = Field(default=None, description="One of the host's making; a new one where left out.")
    host_token: HostToken | None = Field(
        default=None,
        description="Installs the hook on the host with this token, which is used once and not kept."
        " `user:password` for a Bitbucket app password.",
    )


class SecretRotation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    secret: Secret | None = Field(default=None, description="One of the host's making; a new one where left out.")


class HookPublic(SQLModel):
    id: str
    team_id: str
    provider: Provider
    repository: str
    url: str = Field(description="What the host calls.")
    installed_as: str | None = Field(description="The host's own id of it, where it was installed with a token.")
    verified_at: datetime | None = Field(description="When the host's first authentic delivery came.")
    forged_count: int = Field(description="Calls that did not prove to come from the host.")
    forged_at: datetime | None
    created_at: datetime


class HookIssued(HookPublic):
    """`secret` is shown now and never again; null for a hook that was there already."""

    secret: str | None
    steps: list[str] = Field(description="What to do on the host, in order.")


class DecisionPublic(SQLModel):
    space: str = Field(description="owner/name")
    ref: str
    revision: str | None
    outcome: Outcome
    code: str
    reason: str
    deployment_id: str | None


class DeliverySummary(SQLModel):
    id: str
    hook_id: str
    provider: Provider
    event: str
    repository: str | None
    status: Status
    reason: str
    redelivery_of: str | None
    received_at: datetime


class DeliveryPublic(DeliverySummary):
    """`payload` is cut off after 16 KiB; `payload_bytes` is how long it was."""

    key: str
    headers: dict[str, Any]
    payload: str
    payload_bytes: int
    decisions: list[DecisionPublic]
