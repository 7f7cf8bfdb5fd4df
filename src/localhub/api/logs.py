"""Build and run logs, as streams of server-sent events."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from localhub.api import context
from localhub.errors import HubError
from localhub.runner.log import Log

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def logs(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    supervisor = hub.runner.of(space)
    match request.path_params["kind"]:
        case "build":
            log = supervisor.build_log
        case "run":
            log = supervisor.run_log
        case kind:
            raise HubError(404, f"There is no {kind} log")
    return stream(request, log)


def stream(request: Request, log: Log) -> Response:
    """The whole log, or its last `?tail=` lines, and then what is added to it."""
    tail = context.number(request, "tail", 0) or None
    frames = _frames(log, tail, context.hub(request).config.keep_alive)
    return StreamingResponse(frames, media_type="text/event-stream", headers=HEADERS)


async def _frames(log: Log, tail: int | None, keep_alive: float) -> AsyncIterator[bytes]:
    # Sent before the first line, so that a client that follows a silent log knows it is connected.
    yield b"data:\n\n"
    async for entry in log.follow(tail, keep_alive):
        yield b"data: " + entry + b"\n\n" if entry else b"data:\n\n"


ROUTES = [Route("/api/spaces/{owner}/{name}/logs/{kind}", logs)]
