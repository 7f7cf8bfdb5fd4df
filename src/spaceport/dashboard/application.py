"""The dashboard as an application of its own, mounted below the REST API by `main`."""

from fastapi import FastAPI
from starlette.routing import Match, Mount
from starlette.types import Scope

from spaceport.dashboard import (
    account,
    assets,
    deployment,
    docs,
    failures,
    new_space,
    sign_in,
    space,
    space_activity,
    space_address,
    space_ci,
    space_configuration,
    space_deployments,
    space_entries,
    space_hardware,
    space_hooks,
    space_logs,
    space_pushes,
    space_rules,
    space_settings,
    space_volumes,
    spaces,
    storybook,
    team_hub_accounts,
    team_members,
    team_settings,
    teams,
)
from spaceport.dashboard.security import SecurityHeaders
from spaceport.events.feed import Feed
from spaceport.instance import Instance
from spaceport.runtime.relay import Relay

_SPACE_PAGES = (
    space,
    space_deployments,
    space_configuration,
    space_entries,
    space_volumes,
    space_logs,
    space_pushes,
    space_hooks,
    space_rules,
    space_ci,
    space_activity,
    space_settings,
    space_hardware,
    space_address,
)
_OWN = (account, teams, team_members, team_hub_accounts, team_settings)
_DOORS = (assets, docs, sign_in, spaces, new_space, *_SPACE_PAGES, deployment, *_OWN)


_FOR_PROGRAMS = ("/api/", "/webhooks/")


class Pages(Mount):
    """Every address that the API does not claim. Of those for programs an unknown one stays a problem."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(_FOR_PROGRAMS):
            return Match.NONE, {}
        return super().matches(scope)


def create_dashboard(instance: Instance, feed: Feed, relay: Relay) -> FastAPI:
    app = FastAPI(title="Spaceport", openapi_url=None)
    app.state.instance = instance
    app.state.feed = feed
    app.state.relay = relay
    app.add_middleware(SecurityHeaders, hub=instance.settings.hf_endpoint)
    failures.install(app)
    for door in _DOORS:
        app.include_router(door.router)
    if instance.settings.storybook:
        app.include_router(storybook.router)
    return app
