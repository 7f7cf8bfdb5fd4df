"""Pausing and restarting, with the names that `hf spaces` gives them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlmodel import Session

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import commands as deployments
from spaceport.deployments import queries as deployment_queries
from spaceport.deployments import slot
from spaceport.deployments.slot import Limits
from spaceport.events.record import record
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.runtime import observations
from spaceport.runtime.model import Observation, RuntimePublic
from spaceport.spaces import queries
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

HINT = "The container is gone, and with it what the app wrote to its own disk. A volume keeps data."


class RestartRequest(BaseModel):
    factory_reboot: bool = Field(False, description="Build again from nothing, without cached layers.")


class PausedPublic(BaseModel):
    runtime: RuntimePublic
    hint: str = Field(examples=[HINT])
    canceled_deployments: list[str] = Field(description="Deployments that were under way and were told to stop.")


class RestartedPublic(BaseModel):
    runtime: RuntimePublic
    hint: str = Field(examples=[HINT])


@router.post("/{owner}/{name}/pause")
def pause_space(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> PausedPublic:
    """Stop the app, and what it costs, at once; deployments under way are canceled. Only a restart ends it."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = queries.get(session, caller, owner, name, needs=Role.DEPLOYER)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    runtime = hub.pause(space.repo_id)
    with instance.database.unit_of_work() as session:
        canceled = deployments.cancel_open(session, Limits.of(instance.settings), space, actor=caller.user_id)
        observations.keep(session, space.id, runtime, asked_at)
        _record(session, "space.paused", space, caller, canceled_deployments=canceled)
        shown = _shown(session, space)
    return PausedPublic(runtime=shown, hint=HINT, canceled_deployments=canceled)


@router.post("/{owner}/{name}/restart")
def restart_space(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: RestartRequest | None = None
) -> RestartedPublic:
    """Start the app again, also from a pause. 409 `space_busy` while a deployment is under way: it does so itself."""
    factory = wanted is not None and wanted.factory_reboot
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = queries.get(session, caller, owner, name, needs=Role.DEPLOYER)
        slot.require_free(session, space.id)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    runtime = hub.restart(space.repo_id, factory=factory)
    with instance.database.unit_of_work() as session:
        observations.keep(session, space.id, runtime, asked_at)
        _record(session, "space.restarted", space, caller, factory_reboot=factory)
        return RestartedPublic(runtime=_shown(session, space), hint=HINT)


def _shown(session: Session, space: Space) -> RuntimePublic:
    return deployment_queries.runtime(session, space, session.get_one(Observation, space.id))


def _record(session: Session, kind: str, space: Space, caller: Caller, **data: Any) -> None:
    record(session, kind, team_id=space.team_id, actor=caller.user_id, space_id=space.id, space=space.repo_id, **data)
