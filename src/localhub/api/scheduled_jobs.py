"""Scheduled jobs."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import context, job_bodies, present_jobs
from localhub.api.jobs import readable_namespace, runnable, writable_namespace
from localhub.errors import HubError
from localhub.jobs import schedules
from localhub.jobs.model import Schedule
from localhub.jobs.schedules import BadTimetable, StillRunning

STILL_RUNNING = (
    "Another job is already running at the same time, set `concurrency` to allow multiple instances"
    " of scheduled jobs to run concurrently"
)


async def collection(request: Request) -> Response:
    if request.method == "POST":
        return await _create(request)
    key, _, value = request.query_params.get("label", "").partition("=")
    found = context.hub(request).schedules.of(readable_namespace(request))
    shown = [_shown(request, one) for one in found if not key or one.labels.get(key) == value]
    return JSONResponse(shown)


async def one(request: Request) -> Response:
    if request.method == "GET":
        return JSONResponse(_shown(request, _find(request, readable_namespace(request))))
    context.hub(request).schedules.remove(_writable(request))
    return JSONResponse({})


async def suspend(request: Request) -> Response:
    schedule = _writable(request)
    schedule.suspend = request.url.path.endswith("/suspend")
    return _saved(request, schedule)


async def run(request: Request) -> Response:
    hub, schedule = context.hub(request), _writable(request)
    try:
        job = hub.schedules.run(schedule)
    except StillRunning:
        raise HubError(409, STILL_RUNNING) from None
    return JSONResponse(present_jobs.job(job, hub.accounts, hub.config.host))


async def timetable(request: Request) -> Response:
    schedule, facts = _writable(request), await context.checked(request, job_bodies.Timetable)
    schedule.next_at = _following(facts["schedule"])
    schedule.schedule = facts["schedule"]
    return _saved(request, schedule)


async def labels(request: Request) -> Response:
    schedule = _writable(request)
    schedule.spec = schedule.spec | await context.checked(request, job_bodies.Labels)
    return _saved(request, schedule)


async def _create(request: Request) -> Response:
    namespace, facts = writable_namespace(request), await context.checked(request, job_bodies.ScheduledJob)
    schedule = Schedule(
        owner=namespace,
        creator=context.user(request).name,
        spec=runnable(facts["jobSpec"]),
        schedule=facts["schedule"],
        next_at=_following(facts["schedule"]),
        suspend=facts.get("suspend", False),
        concurrency=facts.get("concurrency", False),
    )
    return _saved(request, schedule)


def _saved(request: Request, schedule: Schedule) -> Response:
    context.hub(request).schedules.save(schedule)
    return JSONResponse(_shown(request, schedule))


def _following(text: str) -> str:
    try:
        return schedules.following(text)
    except BadTimetable as error:
        raise HubError(400, f'"schedule" is not valid: {error}') from error


def _writable(request: Request) -> Schedule:
    return _find(request, writable_namespace(request))


def _find(request: Request, namespace: str) -> Schedule:
    schedule = context.hub(request).schedules.find(namespace, request.path_params["schedule"])
    if schedule is None:
        raise HubError(404, "Scheduled job not found")
    return schedule


def _shown(request: Request, schedule: Schedule) -> dict[str, Any]:
    return present_jobs.schedule(schedule, context.hub(request).accounts)


_BASE = "/api/scheduled-jobs/{namespace}"
_ONE = f"{_BASE}/{{schedule}}"
ROUTES = [
    Route(_BASE, collection, methods=["GET", "POST"]),
    Route(_ONE, one, methods=["GET", "DELETE"]),
    Route(f"{_ONE}/suspend", suspend, methods=["POST"]),
    Route(f"{_ONE}/resume", suspend, methods=["POST"]),
    Route(f"{_ONE}/run", run, methods=["POST"]),
    Route(f"{_ONE}/schedule", timetable, methods=["POST"]),
    Route(f"{_ONE}/labels", labels, methods=["PUT"]),
]
