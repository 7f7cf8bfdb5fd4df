"""The SQLModel families of a deployment, its release and its log lines."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import BigInteger, Column, DateTime, Float, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.db.columns import by_value
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.sources.model import Source
from spaceport.spaces.release_jobs import Phase

# A queued deployment that waits for nothing has been given the slot.
HOLDS_SLOT = "status IN ('pushing', 'building', 'starting', 'verifying') OR (status = 'queued' AND waiting_for IS NULL)"

# The trigger of a deployment that puts an earlier release back.
ROLLBACK = "rollback"

# A release job that was asked for and has not been seen to end.
RUNS_A_RELEASE_JOB = "jsonb_path_exists(release_jobs, '$.*.stage ? (@ == null)')"


class IfBusy(StrEnum):
    """What a new deployment does about others of its space.

    `supersede` ends those that are queued and waits for a running one; `supersede_running` stops that one too;
    `wait` queues behind all of them; `reject` is refused while there is one.
    """

    SUPERSEDE = "supersede"
    SUPERSEDE_RUNNING = "supersede_running"
    WAIT = "wait"
    REJECT = "reject"


class ReleaseJobRun(SQLModel):
    """A Hub job of a deployment. It was asked for at `asked_at`; `job_id` is null until the Hub has answered."""

    revision: str
    asked_at: datetime
    timeout_seconds: int
    job_id: str | None = None
    url: str | None = Field(default=None, description="The job's page on the Hub.")
    stage: str | None = Field(default=None, description="The stage that it ended in; null until then.")
    message: str | None = None

    @property
    def under_way(self) -> bool:
        return self.stage is None


class Deployment(SQLModel, table=True):
    """`run_epoch` rises with every run of a job: a writer with an older one is a ghost and is refused.

    `version` rises with every write of a run, so that a write whose answer was lost is not made twice.
    `held_seconds` were spent waiting for the Hub's quota to be renewed; no time budget counts them.
    `log_count` lines were written; after `log_pruned_at` they are not kept any more.
    """

    __tablename__ = "deployment"
    __table_args__ = (
        Index("uq_deployment_slot", "space_id", unique=True, postgresql_where=text(HOLDS_SLOT)),
        Index("ix_deployment_waiting", "space_id", "id", postgresql_where=text("status = 'queued'")),
        Index("ix_deployment_space_id_id", "space_id", "id"),
        Index("ix_deployment_team_id_id", "team_id", "id"),
        Index(
            "ix_deployment_log_kept", "finished_at", postgresql_where=text("log_pruned_at IS NULL AND log_count > 0")
        ),
        Index("ix_deployment_release_job", "id", postgresql_where=text(RUNS_A_RELEASE_JOB)),
        UniqueConstraint("space_id", "number", name="uq_deployment_number"),
    )

    id: str = Field(default_factory=lambda: ids.new("dep"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    status: Status = Field(default=Status.QUEUED, sa_column=Column(by_value(Status), nullable=False))
    waiting_for: str | None = Field(default=None, sa_column=Column(Text))
    reason_code: str | None = Field(default=None, sa_column=Column(Text))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    fix: str | None = Field(default=None, sa_column=Column(Text))
    trigger: str = Field(sa_column=Column(Text, nullable=False))
    initiator_type: InitiatorType = Field(sa_column=Column(by_value(InitiatorType), nullable=False))
    initiator_id: str = Field(sa_column=Column(Text, nullable=False))
    initiator_name: str | None = Field(default=None, sa_column=Column(Text))
    source: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    revision: str | None = Field(default=None, sa_column=Column(Text))
    ref: str | None = Field(default=None, sa_column=Column(Text))
    commit_message: str | None = Field(default=None, sa_column=Column(Text))
    commit_author: str | None = Field(default=None, sa_column=Column(Text))
    hub_sha: str | None = Field(default=None, sa_column=Column(Text))
    pushed: bool = Field(default=False, description="False where the Space already held these files.")
    evidence: str | None = Field(default=None, sa_column=Column(Text))
    url: str | None = Field(default=None, sa_column=Column(Text))
    release: int | None = Field(default=None, sa_column=Column(Integer))
    held_seconds: float = Field(default=0, sa_column=Column(Float, nullable=False, server_default=text("0")))
    run_epoch: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    version: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    log_count: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    log_pruned_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    log_positions: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    release_jobs: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    superseded_by: str | None = Field(default=None, sa_column=Column(Text))
    rolled_back_by: str | None = Field(default=None, sa_column=Column(Text))
    cancel_requested_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    pushed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    starting_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    verifying_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    finished_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))

    @property
    def release_runs(self) -> dict[Phase, ReleaseJobRun]:
        return {Phase(phase): ReleaseJobRun.model_validate(run) for phase, run in self.release_jobs.items()}


class Release(SQLModel, table=True):
    """A deployment that went live: code and configuration. Numbered per space; what a rollback targets."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("space_id", "number", name="uq_release_number"),)

    id: str = Field(default_factory=lambda: ids.new("rel"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False))
    deployment_id: str = Field(sa_column=Column(Text, ForeignKey("deployment.id"), nullable=False, unique=True))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    hub_sha: str = Field(sa_column=Column(Text, nullable=False))
    revision: str = Field(sa_column=Column(Text, nullable=False))
    configuration: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class LogLine(SQLModel, table=True):
    """`seq` counts from 1 within a deployment without gaps; `step` is push, build, run or a release phase."""

    __tablename__ = "log_line"

    deployment_id: str = Field(sa_column=Column(Text, ForeignKey("deployment.id"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    step: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    line: str = Field(sa_column=Column(Text, nullable=False))


class DeploymentCreate(SQLModel):
    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    source: Source | None = Field(
        default=None, description="Another source for this once; the space's own when left out."
    )
    if_busy: IfBusy = IfBusy.SUPERSEDE


class DeploymentPublic(SQLModel):
    id: str
    space: str = Field(description="owner/name")
    number: int
    status: Status
    waiting_for: str | None
    reason_code: str | None
    reason: str | None
    fix: str | None
    trigger: str
    source: dict[str, Any]
    revision: str | None
    ref: str | None
    commit_message: str | None
    commit_author: str | None
    hub_sha: str | None
    pushed: bool
    evidence: str | None
    url: str | None
    release: int | None
    release_jobs: dict[Phase, ReleaseJobRun] = Field(description="The Hub jobs of its release phases.")
    superseded_by: str | None
    rolled_back_by: str | None = Field(description="The deployment that puts the release before this one back.")
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    pushed_at: datetime | None
    starting_at: datetime | None
    verifying_at: datetime | None
    finished_at: datetime | None
