"""Pausing and restarting, with the names that `hf spaces` gives them."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import lifecycle
from spaceport.runtime.model import RuntimePublic

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

HINT = "The container is gone, and with it what the app wrote to its own disk. A volume keeps data."


class RestartRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

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
    paused = lifecycle.pause(instance, caller, owner, name)
    return PausedPublic(runtime=paused.runtime, hint=HINT, canceled_deployments=paused.canceled_deployments)


@router.post("/{owner}/{name}/restart")
def restart_space(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: RestartRequest | None = None
) -> RestartedPublic:
    """Start the app again, also from a pause. 409 `space_busy` while a deployment is under way: it does so itself."""
    factory = wanted is not None and wanted.factory_reboot
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    return RestartedPublic(runtime=lifecycle.restart(instance, caller, owner, name, factory=factory), hint=HINT)
