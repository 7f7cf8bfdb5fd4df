"""Jobs on the Hub. Which there are and what may be done to them, the Hub decides by the Hub account's token."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from spaceport.accounts.model import Role
from spaceport.api.hub_namespace import There
from spaceport.api.pages import Page, page
from spaceport.api.streams import EventStream, event_stream
from spaceport.hub import JobHardware, JobInfo, JobSpec, Labels
from spaceport.hub_jobs import stream
from spaceport.jobs.model import InitiatorType

router = APIRouter(prefix="/api/v1/hub-jobs", tags=["hub jobs"])

HubJobId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
LabelFilter = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,100}=[a-zA-Z0-9._-]{0,100}$")]
HubStage = Literal["SCHEDULING", "RUNNING", "COMPLETED", "CANCELED", "ERROR", "DELETED"]


class HubJobLabels(BaseModel):
    """They replace the job's present ones."""

    model_config = ConfigDict(extra="forbid")

    labels: Labels


@router.post("", status_code=201)
def run_hub_job(at: There, wanted: JobSpec, response: Response) -> JobInfo:
    """Run a command on the Hub, in a Docker image or in the build of a Space."""
    place = at.reach(Role.DEPLOYER)
    job = place.jobs.run(place.namespace, wanted)
    at.note(place, "hub_job.started", job=job.id, flavor=wanted.flavor, image=wanted.docker_image or wanted.space_id)
    response.headers["Location"] = f"/api/v1/hub-jobs/{job.id}"
    return job


@router.get("")
def list_hub_jobs(
    at: There,
    request: Request,
    response: Response,
    stage: Annotated[list[HubStage], Query(default_factory=list, max_length=6, description="One of these.")],
    label: Annotated[
        list[LabelFilter], Query(default_factory=list, max_length=20, description="All of these, each `key=value`.")
    ],
    initiator: Annotated[InitiatorType | None, Query(description="Who or what started the job.")] = None,
    cursor: Annotated[str | None, Query(max_length=2048, description="`next_cursor` of the page before.")] = None,
) -> Page[JobInfo]:
    """A namespace's jobs, newest first, on the Hub's own pages.

    The Hub decides how many are on a page, and knows no filter by initiator. With that one a page holds what is left
    of the Hub's page, maybe nothing: only a `next_cursor` of null means that there are no more.
    """
    place = at.reach(Role.VIEWER)
    found = place.jobs.page(place.namespace, stages=stage, labels=label, cursor=cursor)
    items = [job for job in found.items if initiator is None or (job.initiator and job.initiator.type == initiator)]
    return page(request, response, items, found.cursor)


@router.get("/hardware")
def list_hub_job_hardware(at: There) -> list[JobHardware]:
    """The flavors that a job can ask for, with their prices."""
    return at.reach(Role.VIEWER).jobs.hardware()


@router.get("/{job_id}")
def read_hub_job(at: There, job_id: HubJobId) -> JobInfo:
    """All that the Hub says about a job."""
    place = at.reach(Role.VIEWER)
    return place.jobs.get(place.namespace, job_id)


@router.get(
    "/{job_id}/logs",
    response_class=EventStream,
    responses={204: {"description": "The job has ended, and everything was seen: nothing to reconnect for."}},
)
def follow_hub_job(
    at: There, job_id: HubJobId, last_event_id: Annotated[str | None, Header(max_length=64)] = None
) -> Response:
    """A job's log as server-sent events: `log` for each line, from its beginning or after `Last-Event-ID`.

    `end` carries the job's final status and is the last; asked again after it, the answer is 204. `problem` says why
    the Hub cut the stream; as after an hour, or when the access token ends, connect again and it goes on with the
    next line.
    """
    place = at.reach(Role.VIEWER)
    if last_event_id == stream.END:
        return Response(status_code=204)
    stream.check_room()
    job = place.jobs.get(place.namespace, job_id)
    return event_stream(at.instance, at.claims, stream.frames(place, job, after=stream.seen(last_event_id)))


@router.post("/{job_id}/cancel")
def cancel_hub_job(at: There, job_id: HubJobId) -> JobInfo:
    """End a job. One that has ended stays as it is."""
    place = at.reach(Role.DEPLOYER)
    job = place.jobs.cancel(place.namespace, job_id)
    at.note(place, "hub_job.canceled", job=job_id)
    return job


@router.post("/{job_id}/rerun", status_code=201)
def rerun_hub_job(at: There, job_id: HubJobId, response: Response) -> JobInfo:
    """Run the same again, with the same secrets, as a new job."""
    place = at.reach(Role.DEPLOYER)
    job = place.jobs.rerun(place.namespace, job_id)
    at.note(place, "hub_job.rerun", job=job.id, of=job_id)
    response.headers["Location"] = f"/api/v1/hub-jobs/{job.id}"
    return job


@router.put("/{job_id}/labels")
def set_hub_job_labels(at: There, job_id: HubJobId, wanted: HubJobLabels) -> JobInfo:
    """Give a job other labels."""
    place = at.reach(Role.DEPLOYER)
    job = place.jobs.set_labels(place.namespace, job_id, wanted.labels)
    at.note(place, "hub_job.labeled", job=job_id, labels=wanted.labels)
    return job
