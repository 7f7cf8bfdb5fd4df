"""The REST application: every router, the errors as problems, an id for every request."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

import spaceport
from spaceport.api import (
    activity,
    app_answers,
    auth,
    ci,
    configuration,
    costs,
    deliveries,
    deploy_rules,
    deploy_tokens,
    deployments,
    drift,
    duplicates,
    examples,
    fleet,
    hardware,
    health,
    hooks,
    hub_accounts,
    hub_jobs,
    idempotency,
    jobs,
    lifecycle,
    problems,
    releases,
    runtime,
    scheduled_hub_jobs,
    secrets,
    settings,
    space_logs,
    spaces,
    teams,
    uploads,
    variables,
    volumes,
    webhooks,
)
from spaceport.api.body_limit import BodyLimitMiddleware
from spaceport.api.conditional import ConditionalMiddleware
from spaceport.api.request_id import RequestIdMiddleware
from spaceport.instance import Instance
from spaceport.runtime.relay import Relay

_DOORS = (
    auth,
    teams,
    activity,
    hub_accounts,
    # Before the others, to whom its path would be a job's id.
    scheduled_hub_jobs,
    hub_jobs,
    fleet,
    spaces,
    lifecycle,
    settings,
    runtime,
    space_logs,
    app_answers,
    drift,
    costs,
    hardware,
    secrets,
    variables,
    configuration,
    volumes,
    duplicates,
    uploads,
    deployments,
    releases,
    deploy_rules,
    deploy_tokens,
    ci,
    jobs,
    hooks,
    deliveries,
    webhooks,
    health,
)


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"].update(problems.SCHEMAS)
        idempotency.describe(document)
        examples.describe(document)
        return document


def create_api(instance: Instance) -> Api:
    app = Api(
        title="Spaceport",
        version=spaceport.__version__,
        responses=problems.RESPONSES,
        generate_unique_id_function=_operation_id,
        # Both would load scripts from elsewhere; the dashboard has a page of its own for people.
        docs_url=None,
        redoc_url=None,
    )
    app.state.instance = instance
    app.state.waiting = runtime.waiting(instance)
    app.state.relay = Relay()
    app.add_middleware(idempotency.IdempotencyMiddleware)
    app.add_middleware(ConditionalMiddleware)
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(RequestIdMiddleware)
    if instance.settings.cors_origins:
        app.add_middleware(CORSMiddleware, **_cors(instance.settings.cors_origins))
    problems.install(app)
    for door in _DOORS:
        app.include_router(door.router)
    return app


def _cors(origins: tuple[str, ...]) -> dict[str, Any]:
    """Tokens travel in a header and never in a cookie, so that another site's page cannot act for whoever visits it."""
    return {
        "allow_origins": origins,
        "allow_credentials": False,
        "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "Idempotency-Key",
            "Last-Event-ID",
        ],
        "expose_headers": ["ETag", "Idempotency-Replayed", "Link", "Location", "Retry-After", "X-Request-Id"],
        "max_age": 600,
    }


def _operation_id(route: APIRoute) -> str:
    """The function's name: what generated clients call it stays when a path changes."""
    return route.name
