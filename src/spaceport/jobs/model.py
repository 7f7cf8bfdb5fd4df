"""A job, shaped like the Hub's own JobInfo (its contract, section 11), and the engine entry that runs it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Integer, Text
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.db.columns import by_value


class JobKind(StrEnum):
    PUSH = "push"
    PRE_DEPLOY = "pre-deploy"
    BUILD = "build"
    HEALTH_CHECK = "health-check"


class JobStage(StrEnum):
    """The Hub's words for a job's condition. The last three are final."""

    SCHEDULING = "SCHEDULING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


class InitiatorType(StrEnum):
    """Who or what started a job, in the Hub's words."""

    USER = "user"
    ORG = "org"
    SCHEDULED_JOB = "scheduled-job"
    DUPLICATED_JOB = "duplicated-job"
    WEBHOOK = "webhook"


OPEN_STAGES = (JobStage.SCHEDULING, JobStage.RUNNING)


class Job(SQLModel, table=True):
    """`failures` counts errors that were tried again, `crashes` runs that ended without a word."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_team_id_id", "team_id", "id"),
        Index("ix_job_open", "stage", postgresql_where="stage IN ('SCHEDULING', 'RUNNING')"),
    )

    id: str = Field(default_factory=lambda: ids.new("job"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False))
    deployment_id: str = Field(sa_column=Column(Text, ForeignKey("deployment.id"), nullable=False, index=True))
    kind: JobKind = Field(sa_column=Column(by_value(JobKind), nullable=False))
    stage: JobStage = Field(default=JobStage.SCHEDULING, sa_column=Column(by_value(JobStage), nullable=False))
    message: str | None = Field(default=None, sa_column=Column(Text))
    initiator_type: InitiatorType = Field(sa_column=Column(by_value(InitiatorType), nullable=False))
    initiator_id: str = Field(sa_column=Column(Text, nullable=False))
    initiator_name: str | None = Field(default=None, sa_column=Column(Text))
    engine_id: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    crashes: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    finished_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
