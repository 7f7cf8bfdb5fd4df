"""A Space's settings: hardware, sleep time, replicas, dev mode."""

from typing import Annotated

from fastapi import APIRouter, Query

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.costs import dry_runs
from spaceport.costs.model import CostForecast
from spaceport.spaces import queries, settings
from spaceport.spaces.settings import SettingsPublic, SettingsUpdate

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])


@router.get("/{owner}/{name}/settings")
def read_settings(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> SettingsPublic:
    """What was set here; where nothing was, what the Hub was last seen to have."""
    with instance.database.unit_of_work() as session:
        return settings.public(session, queries.get(session, accounts.caller(session, claims), owner, name))


@router.patch("/{owner}/{name}/settings")
def update_settings(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    wanted: SettingsUpdate,
    dry_run: Annotated[
        bool, Query(description="Change nothing; answer what hardware and replicas would cost.")
    ] = False,
) -> SettingsPublic | CostForecast:
    """Change what is given and leave the rest; hardware and sleep time go to the Hub as one call.

    With `dry_run` nothing is changed, and the answer is what this month comes to as it is and as it would be.
    What the Hub refuses comes back as its own sentence, with `applied`: what it had already accepted of this request.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    if dry_run:
        return dry_runs.of_change(instance, caller, owner, name, wanted)
    return settings.update(instance, caller, owner, name, wanted)
