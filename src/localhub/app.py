"""The application: every door, around one hub."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from localhub import errors
from localhub.api import (
    absent,
    admin,
    buckets,
    cas,
    commits,
    duplicates,
    files,
    git,
    identity,
    info,
    job_streams,
    jobs,
    lfs,
    logs,
    observe,
    page,
    references,
    repos,
    runtime,
    scheduled_jobs,
    search,
    settings,
    visits,
    webhooks,
)
from localhub.config import Config
from localhub.errors import HubError
from localhub.git.run import GitError
from localhub.hub import Hub

# `search` before `info`: its fixed paths look like `/api/spaces/OWNER/NAME`.
DOORS = (
    identity,
    search,
    repos,
    duplicates,
    files,
    commits,
    references,
    git,
    lfs,
    settings,
    runtime,
    logs,
    visits,
    webhooks,
    buckets,
    cas,
    info,
    page,
)
JOB_DOORS = (jobs, job_streams, scheduled_jobs, absent)


def create_app(config: Config, address: str) -> Starlette:
    """`address` is where it will be reached, for what is told without a request to read it from."""
    hub = Hub(config, address)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await hub.open()
        yield
        await hub.close()

    routes = [route for door in DOORS + JOB_DOORS for route in door.ROUTES]
    routes += admin.ROUTES if config.admin else []
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(observe.Observe, hub=hub)],
        exception_handlers={
            HubError: errors.respond,
            GitError: _git_failed,
            HTTPException: _not_found,
            ClientDisconnect: _hung_up,
        },
    )
    app.state.hub = hub
    return app


async def _not_found(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"error": "Not found" if status == 404 else "Method not allowed"}, status)


async def _git_failed(request: Request, error: Exception) -> Response:
    """Of a Space that was deleted while it was read, nothing can be read any more. Otherwise the fault is ours."""
    hub: Hub = request.app.state.hub
    if not isinstance(error, GitError) or any(
        hub.runner.workshop.repository(space) == error.repository for space in hub.store
    ):
        raise error
    return errors.respond(request, errors.repository_missing())


async def _hung_up(_request: Request, _error: Exception) -> Response:
    """Nobody is there to read it, and no error of ours is to be logged."""
    return Response(status_code=400)
