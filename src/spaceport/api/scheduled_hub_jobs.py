"""Jobs that the Hub runs by a timetable."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from spaceport.accounts.model import Role
from spaceport.api.hub_jobs import HubJobId, LabelFilter
from spaceport.api.hub_namespace import There
from spaceport.hub import JobInfo, JobSpec, ScheduledJobInfo

router = APIRouter(prefix="/api/v1/hub-jobs/scheduled", tags=["hub jobs"])


class ScheduledHubJobCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schedule: str = Field(
        max_length=200,
        description="A cron expression, or @hourly, @daily, @weekly, @monthly or @yearly.",
        examples=["@hourly", "0 9 * * 1"],
    )
    suspend: bool = Field(False, description="Create it without running it until it is resumed.")
    concurrency: bool = Field(False, description="Let a run begin while the one before still runs.")
    job_spec: JobSpec


@router.post("", status_code=201)
def create_scheduled_hub_job(at: There, wanted: ScheduledHubJobCreate, response: Response) -> ScheduledJobInfo:
    """Run a job by a timetable."""
    place = at.reach(Role.DEPLOYER)
    made = place.jobs.schedule(
        place.namespace, wanted.job_spec, wanted.schedule, suspend=wanted.suspend, concurrency=wanted.concurrency
    )
    at.note(place, "scheduled_hub_job.created", schedule=made.id, timetable=wanted.schedule)
    response.headers["Location"] = f"/api/v1/hub-jobs/scheduled/{made.id}"
    return made


@router.get("")
def list_scheduled_hub_jobs(
    at: There, label: Annotated[LabelFilter | None, Query(description="`key=value`")] = None
) -> list[ScheduledJobInfo]:
    """A namespace's scheduled jobs, all at once: the Hub has no pages here."""
    place = at.reach(Role.VIEWER)
    return place.jobs.schedules(place.namespace, label=label)


@router.get("/{schedule_id}")
def read_scheduled_hub_job(at: There, schedule_id: HubJobId) -> ScheduledJobInfo:
    """All that the Hub says about a scheduled job."""
    place = at.reach(Role.VIEWER)
    return place.jobs.get_schedule(place.namespace, schedule_id)


@router.post("/{schedule_id}/suspend", status_code=204)
def suspend_scheduled_hub_job(at: There, schedule_id: HubJobId) -> None:
    """No more runs until it is resumed."""
    place = at.reach(Role.DEPLOYER)
    place.jobs.suspend(place.namespace, schedule_id)
    at.note(place, "scheduled_hub_job.suspended", schedule=schedule_id)


@router.post("/{schedule_id}/resume", status_code=204)
def resume_scheduled_hub_job(at: There, schedule_id: HubJobId) -> None:
    """Run by the timetable again."""
    place = at.reach(Role.DEPLOYER)
    place.jobs.resume(place.namespace, schedule_id)
    at.note(place, "scheduled_hub_job.resumed", schedule=schedule_id)


@router.post("/{schedule_id}/trigger", status_code=201)
def trigger_scheduled_hub_job(at: There, schedule_id: HubJobId, response: Response) -> JobInfo:
    """Run it now. 409 `hub_conflict` while its last run goes on and `concurrency` is false."""
    place = at.reach(Role.DEPLOYER)
    job = place.jobs.trigger(place.namespace, schedule_id)
    at.note(place, "scheduled_hub_job.triggered", schedule=schedule_id, job=job.id)
    response.headers["Location"] = f"/api/v1/hub-jobs/{job.id}"
    return job


@router.delete("/{schedule_id}", status_code=204)
def delete_scheduled_hub_job(at: There, schedule_id: HubJobId) -> None:
    """Delete the timetable. A job that it started goes on."""
    place = at.reach(Role.DEPLOYER)
    place.jobs.delete_schedule(place.namespace, schedule_id)
    at.note(place, "scheduled_hub_job.deleted", schedule=schedule_id)
