"""The dashboard as an application of its own, mounted below the REST API by `main`."""

from fastapi import FastAPI
from starlette.routing import Match, Mount
from starlette.types import Scope

from spaceport.dashboard import (
    account,
    assets,
    deployment,
    failures,
    new_space,
    sign_in,
    space,
    space_address,
    space_configuration,
    space_entries,
    space_hardware,
    space_settings,
    space_volumes,
    spaces,
    storybook,
)
from spaceport.dashboard.security import SecurityHeaders
from spaceport.events.feed import Feed
from spaceport.instance import Instance

_DOORS = (
    assets,
    sign_in,
    spaces,
    new_space,
    space,
    space_configuration,
    space_entries,
    space_volumes,
    space_settings,
    space_hardware,
    space_address,
    deployment,
    account,
)


_FOR_PROGRAMS = ("/api/", "/webhooks/")


class Pages(Mount):
    """Every address that the API does not claim. Of those for programs an unknown one stays a problem."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(_FOR_PROGRAMS):
            return Match.NONE, {}
        return super().matches(scope)


def create_dashboard(instance: Instance, feed: Feed) -> FastAPI:
    app = FastAPI(title="Spaceport", openapi_url=None)
    app.state.instance = instance
    app.state.feed = feed
    app.add_middleware(SecurityHeaders, hub=instance.settings.hf_endpoint)
    failures.install(app)
    for door in _DOORS:
        app.include_router(door.router)
    if instance.settings.storybook:
        app.include_router(storybook.router)
    return app
