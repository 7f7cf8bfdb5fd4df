"""Jobs in the shape of the Hub's own JobInfo, so that tools made for one read the other."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Team
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import Page, Paging
from spaceport.deployments import queries
from spaceport.jobs.model import InitiatorType, Job, JobKind, JobStage

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


class JobStatus(BaseModel):
    stage: JobStage
    message: str | None


class JobDurations(BaseModel):
    """Seconds; null for what has not begun. A running job's are counted until now."""

    scheduling_secs: float | None
    running_secs: float | None
    total_secs: float


class JobOwner(BaseModel):
    id: str
    name: str
    type: str = "team"


class JobInitiator(BaseModel):
    """`name` is given for users and organisations only."""

    type: InitiatorType
    id: str
    name: str | None


class JobPublic(BaseModel):
    id: str
    kind: JobKind
    deployment_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    status: JobStatus
    durations: JobDurations
    owner: JobOwner
    initiator: JobInitiator


@router.get("")
def list_jobs(
    instance: RunningInstance,
    claims: SignedIn,
    paging: Paging,
    stage: JobStage | None = None,
    kind: JobKind | None = None,
    initiator: Annotated[InitiatorType | None, Query(description="Initiator type.")] = None,
    deployment_id: Annotated[str | None, Query(pattern=r"^dep_[0-9a-z]{26}$")] = None,
) -> Page[JobPublic]:
    """Your teams' jobs, newest first."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        found = queries.jobs(
            session,
            caller,
            stage=stage,
            kind=kind,
            initiator=initiator,
            deployment_id=deployment_id,
            after=paging.after,
            limit=paging.limit,
        )
        return paging.page([_public(job, session.get_one(Team, job.team_id)) for job in found])


@router.get("/{job_id}")
def read_job(
    instance: RunningInstance, claims: SignedIn, job_id: Annotated[str, Path(pattern=r"^job_[0-9a-z]{26}$")]
) -> JobPublic:
    with instance.database.unit_of_work() as session:
        job = queries.job(session, accounts.caller(session, claims), job_id)
        return _public(job, session.get_one(Team, job.team_id))


def _public(job: Job, team: Team) -> JobPublic:
    until = job.finished_at or clock.now()
    named = job.initiator_type in (InitiatorType.USER, InitiatorType.ORG)
    return JobPublic(
        id=job.id,
        kind=job.kind,
        deployment_id=job.deployment_id,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        status=JobStatus(stage=job.stage, message=job.message),
        durations=JobDurations(
            scheduling_secs=_seconds(job.created_at, job.started_at),
            running_secs=_seconds(job.started_at, until),
            total_secs=(until - job.created_at).total_seconds(),
        ),
        owner=JobOwner(id=team.id, name=team.name),
        initiator=JobInitiator(
            type=job.initiator_type, id=job.initiator_id, name=job.initiator_name if named else None
        ),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
