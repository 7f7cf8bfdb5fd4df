"""Jobs: run, list, look at, cancel, run again."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import hardware
from localhub.api import context, job_bodies, present_jobs
from localhub.errors import HubError
from localhub.jobs.model import Job, Spec
from localhub.runner import volumes

PAGE = 100


async def collection(request: Request) -> Response:
    if request.method == "POST":
        namespace = writable_namespace(request)
        spec = await context.checked(request, job_bodies.JobSpec)
        return _begun(request, namespace, spec, _user(request))
    found, offset = _matching(request), context.number(request, "cursor", 0)
    headers = {}
    if offset + PAGE < len(found):
        pairs = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
        query = urlencode([*pairs, ("cursor", str(offset + PAGE))])
        headers["Link"] = f'<{context.base(request)}{request.url.path}?{query}>; rel="next"'
    page = found[offset : offset + PAGE]
    return JSONResponse([_shown(request, job) for job in page], headers=headers)


async def count(request: Request) -> Response:
    return JSONResponse({"count": len(_matching(request))})


async def one(request: Request) -> Response:
    return _answer(request, readable_job(request))


async def cancel(request: Request) -> Response:
    job = writable_job(request)
    context.hub(request).jobs.cancel(job)
    return _answer(request, job)


async def duplicate(request: Request) -> Response:
    job = writable_job(request)
    return _begun(request, job.owner, job.spec, {"type": "duplicated-job", "id": job.id})


async def labels(request: Request) -> Response:
    job = writable_job(request)
    return _changed(request, job, await context.checked(request, job_bodies.Labels))


async def expose(request: Request) -> Response:
    job = writable_job(request)
    if job.final:
        raise HubError(400, "The job has ended")
    return _changed(request, job, {"expose": await context.checked(request, job_bodies.Expose)})


async def list_hardware(_request: Request) -> Response:
    return JSONResponse(hardware.job_listing())


def readable_namespace(request: Request) -> str:
    namespace, hub = str(request.path_params["namespace"]), context.hub(request)
    if not hub.accounts.is_member(context.user(request), namespace):
        raise HubError(403, f'You don\'t have access to the jobs of "{namespace}"')
    return namespace


def writable_namespace(request: Request) -> str:
    namespace = readable_namespace(request)
    context.may_write_to(request, namespace)
    if not context.hub(request).accounts.can_pay(namespace):
        raise HubError(402, "Pre-paid credits are needed to run jobs")
    return namespace


def readable_job(request: Request) -> Job:
    job = context.hub(request).jobs.find(readable_namespace(request), request.path_params["job"])
    if job is None:
        raise HubError(404, "Job not found")
    return job


def writable_job(request: Request) -> Job:
    context.may_write_to(request, readable_namespace(request))
    return readable_job(request)


def runnable(spec: Spec) -> Spec:
    """Raises 400 for what a job cannot be given here."""
    if (spec.get("ssh") or {}).get("enabled"):
        raise HubError(400, "SSH is not available: localhub runs no SSH server")
    if problem := volumes.problem(spec.get("volumes", [])):
        raise HubError(400, problem)
    return spec


def _begun(request: Request, namespace: str, spec: Spec, initiator: dict[str, str]) -> Response:
    return _answer(
        request, context.hub(request).jobs.begin(namespace, runnable(spec), context.user(request).name, initiator)
    )


def _user(request: Request) -> dict[str, str]:
    return {"type": "user", "name": context.user(request).name}


def _changed(request: Request, job: Job, facts: Spec) -> Response:
    # A spec may be shared with its schedule or with the job it was copied from: never changed in place.
    job.spec = job.spec | facts
    context.hub(request).jobs.save(job)
    return _answer(request, job)


def _matching(request: Request) -> list[Job]:
    namespace, query = readable_namespace(request), request.query_params
    stages = {stage.upper() for stage in query.getlist("stage")}
    wanted = [label.partition("=")[::2] for label in query.getlist("label")]
    return [
        job
        for job in context.hub(request).jobs.of(namespace)
        if (not stages or job.stage in stages) and all(job.labels.get(key) == value for key, value in wanted)
    ]


def _shown(request: Request, job: Job) -> dict[str, object]:
    hub = context.hub(request)
    return present_jobs.job(job, hub.accounts, hub.config.host)


def _answer(request: Request, job: Job) -> Response:
    return JSONResponse(_shown(request, job))


_JOBS = "/api/jobs/{namespace}"
ROUTES = [
    Route("/api/jobs/hardware", list_hardware),
    Route(_JOBS, collection, methods=["GET", "POST"]),
    Route(f"{_JOBS}/count", count),
    Route(f"{_JOBS}/{{job}}", one),
    Route(f"{_JOBS}/{{job}}/cancel", cancel, methods=["POST"]),
    Route(f"{_JOBS}/{{job}}/duplicate", duplicate, methods=["POST"]),
    Route(f"{_JOBS}/{{job}}/labels", labels, methods=["PUT"]),
    Route(f"{_JOBS}/{{job}}/expose", expose, methods=["PUT"]),
]
