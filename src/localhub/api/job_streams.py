"""What a job says and what it uses, as streams of server-sent events."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from localhub.api import context, logs
from localhub.api.jobs import readable_job
from localhub.errors import HubError
from localhub.jobs import metrics
from localhub.jobs.model import Job
from localhub.runner.process import Process


async def job_logs(request: Request) -> Response:
    job, hub = readable_job(request), context.hub(request)
    return logs.stream(request, hub.jobs.log(job))


async def job_metrics(request: Request) -> Response:
    job = readable_job(request)
    process = context.hub(request).jobs.process(job)
    if process is None:
        raise HubError(406, "The job is not running")
    return StreamingResponse(_frames(job, process), media_type="text/event-stream", headers=logs.HEADERS)


async def _frames(job: Job, process: Process) -> AsyncIterator[bytes]:
    yield b"data:\n\n"
    async for sample in metrics.samples(job, process):
        yield b"event: metric\ndata: " + json.dumps(sample).encode() + b"\n\n"


_JOB = "/api/jobs/{namespace}/{job}"
ROUTES = [Route(f"{_JOB}/logs", job_logs), Route(f"{_JOB}/metrics", job_metrics)]
