"""The REST application: every router, the errors as problems, an id for every request."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

import spaceport
from spaceport.api import (
    activity,
    app_answers,
    auth,
    costs,
    deployments,
    drift,
    hardware,
    health,
    hub_accounts,
    idempotency,
    jobs,
    lifecycle,
    problems,
    runtime,
    settings,
    space_logs,
    spaces,
    teams,
    uploads,
)
from spaceport.api.body_limit import BodyLimitMiddleware
from spaceport.api.request_id import RequestIdMiddleware
from spaceport.instance import Instance
from spaceport.runtime.relay import Relay

_DOORS = (
    auth,
    teams,
    activity,
    hub_accounts,
    spaces,
    lifecycle,
    settings,
    runtime,
    space_logs,
    app_answers,
    drift,
    costs,
    hardware,
    uploads,
    deployments,
    jobs,
    health,
)


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"].update(problems.SCHEMAS)
        idempotency.describe(document)
        return document


def create_api(instance: Instance) -> Api:
    app = Api(
        title="Spaceport",
        version=spaceport.__version__,
        responses=problems.RESPONSES,
        generate_unique_id_function=_operation_id,
    )
    app.state.instance = instance
    app.state.waiting = runtime.waiting(instance)
    app.state.relay = Relay()
    app.add_middleware(idempotency.IdempotencyMiddleware)
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(RequestIdMiddleware)
    problems.install(app)
    for door in _DOORS:
        app.include_router(door.router)
    return app


def _operation_id(route: APIRoute) -> str:
    """The function's name: what generated clients call it stays when a path changes."""
    return route.name
