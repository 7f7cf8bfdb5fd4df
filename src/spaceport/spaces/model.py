"""The SQLModel family of a space: what we manage on the Hub, with its desired configuration."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator
from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.db.columns import by_value
from spaceport.health.rule import HealthRule
from spaceport.hub import ReleaseJob
from spaceport.sources.model import Source
from spaceport.spaces.release_jobs import Phase, ReleaseJobs

# The Hub's rule for names (its contract, section 3), as far as a pattern can say it; the rest the Hub refuses.
NAME_PATTERN = r"^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$"
# Not `Field(regex=…)`: SQLModel takes it and checks nothing.
HubName = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=96)]
Hardware = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
LONGEST_SLEEP_TIME = 2**31 - 1


class Sdk(StrEnum):
    """`streamlit` is built through docker: the Hub itself no longer offers it."""

    DOCKER = "docker"
    GRADIO = "gradio"
    STATIC = "static"
    STREAMLIT = "streamlit"

    @property
    def on_the_hub(self) -> str:
        return "docker" if self is Sdk.STREAMLIT else self.value


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    PROTECTED = "protected"


class OnHub(StrEnum):
    """What became of the Space on the Hub.

    `not_found`: there was none of that name, or it is hidden from the Hub account.
    """

    KEPT = "kept"
    DELETED = "deleted"
    NOT_FOUND = "not_found"


class Budgets(BaseModel):
    """Seconds that each step of a deployment may take; verification has its own in the health rule."""

    model_config = ConfigDict(extra="forbid")

    push: float = Field(default=900, ge=10, le=7200)
    build: float = Field(default=1800, ge=1, le=14400)
    start: float = Field(default=1800, ge=1, le=14400)


class Space(SQLModel, table=True):
    __tablename__ = "space"
    __table_args__ = (
        # One team manages a Space on an instance. Names on the Hub do not differ by case alone.
        Index(
            "uq_space_address",
            "endpoint",
            text("lower(owner)"),
            text("lower(name)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_space_team_id_id", "team_id", "id"),
    )

    id: str = Field(default_factory=lambda: ids.new("space"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    hub_account_id: str = Field(sa_column=Column(Text, ForeignKey("hub_account.id"), nullable=False))
    endpoint: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    sdk: Sdk = Field(sa_column=Column(by_value(Sdk), nullable=False))
    visibility: Visibility = Field(sa_column=Column(by_value(Visibility), nullable=False))
    hardware: str | None = Field(default=None, sa_column=Column(Text))
    sleep_time: int | None = Field(default=None, sa_column=Column(Integer))
    replicas: int | None = Field(default=None, sa_column=Column(Integer))
    dev_mode: bool | None = Field(default=None, sa_column=Column(Boolean))
    host: str | None = Field(default=None, sa_column=Column(Text))
    former_addresses: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    volumes: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    source: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    sealed_source_token: str | None = Field(default=None, sa_column=Column(Text))
    auto_deploy: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    health: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    budgets: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    pre_deploy_job: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    post_deploy_job: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    drift: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    drifted_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    deployment_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    release_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))

    @property
    def repo_id(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def source_token_context(self) -> str:
        """What the sealed token of its source is bound to."""
        return f"space:{self.id}:source_token"

    @property
    def time_budgets(self) -> Budgets:
        return Budgets.model_validate(self.budgets)

    def release_job(self, phase: Phase) -> ReleaseJob | None:
        wanted = self.pre_deploy_job if phase is Phase.PRE_DEPLOY else self.post_deploy_job
        return ReleaseJob.model_validate(wanted) if wanted is not None else None

    def phase_seconds(self, phase: Phase) -> float:
        job = self.release_job(phase)
        return job.timeout_seconds if job is not None else 0

    @property
    def health_rule(self) -> HealthRule:
        return HealthRule.model_validate(self.health)


class SourceInput(SQLModel):
    """Where the code comes from; `token` reads a private Git repository and is never shown again."""

    source: Source | None = None
    source_token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,1000}$")] | None = None


class SpaceCreate(SourceInput, ReleaseJobs):
    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    owner: HubName = Field(schema_extra={"examples": ["acme"]})
    name: HubName = Field(schema_extra={"examples": ["demo"]})
    hub_account_id: Annotated[str, StringConstraints(pattern=r"^hub_[0-9a-z]{26}$")] | None = Field(
        None, description="Needed only when the team has several."
    )
    adopt: bool = Field(False, description="True takes over a Space that exists on the Hub; false creates one.")
    sdk: Sdk = Sdk.DOCKER
    visibility: Visibility = Visibility.PRIVATE
    hardware: Hardware | None = None
    sleep_time: int | None = Field(
        None, ge=-1, le=LONGEST_SLEEP_TIME, description="Seconds idle before sleep; -1 never."
    )
    health: HealthRule = HealthRule()
    budgets: Budgets = Budgets()
    auto_deploy: bool = Field(False, description="Deploy by itself whenever the Git source's branch has moved.")


class SpaceUpdate(SourceInput, ReleaseJobs):
    """Only what is given changes; a release job is removed with null.

    Hardware, sleep time, replicas and dev mode are `settings`.
    """

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    owner: HubName | None = Field(None, description="Moves the Space there. Send a move alone.")
    name: HubName | None = Field(None, description="Renames the Space. Send a move alone.")
    visibility: Visibility | None = None
    health: HealthRule | None = None
    budgets: Budgets | None = None
    auto_deploy: bool | None = None


class SpaceDeleted(SQLModel):
    space: str = Field(description="owner/name")
    on_hub: OnHub


class SpacePublic(ReleaseJobs):
    id: str
    team_id: str
    hub_account_id: str
    owner: str
    name: str
    sdk: Sdk
    visibility: Visibility
    hardware: str | None
    sleep_time: int | None
    host: str | None = Field(description="Where the app answers, as far as the Hub has said it.")
    source: Source | None
    has_source_token: bool
    auto_deploy: bool
    health: HealthRule
    budgets: Budgets
    url: str = Field(description="The Space's page on the Hub.")
    created_at: datetime
    updated_at: datetime

    @field_validator("health", "budgets", mode="before")
    @classmethod
    def _defaults(cls, value: Any) -> Any:
        return value or {}
