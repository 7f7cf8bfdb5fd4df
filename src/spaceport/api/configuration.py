"""What is staged of a space's secrets, variables and volumes."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api import changes
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import commands, queries
from spaceport.configuration.inputs import KEY_PATTERN, Apply, StagedChange
from spaceport.configuration.model import Kind
from spaceport.deployments import slot
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}", tags=["configuration"])


class Discarded(BaseModel):
    changes: int


@router.get("/configuration/staged")
def list_staged_changes(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> list[StagedChange]:
    """Changes of secrets, variables and volumes that the next application brings to the Hub, all together."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return [queries.change(version) for version in queries.staged(session, space.id)]


@router.post("/configuration/apply")
def apply_staged_changes(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> list[StagedChange]:
    """Apply everything staged now, at the cost of one restart. Answers what was applied; [] when nothing was staged.

    409 `space_busy` while a deployment is under way.
    """
    applied = changes.change(instance, claims, owner, name, Apply.NOW).apply_staged()
    return [queries.change(version) for version in applied]


@router.delete("/configuration/staged")
def discard_staged_changes(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    kind: Annotated[Kind | None, Query(description="Of this kind alone.")] = None,
    key: Annotated[str | None, Query(pattern=KEY_PATTERN, max_length=256, description="Of this key alone.")] = None,
) -> Discarded:
    """Take back what has not reached the Hub. 503 `configuration_busy` while it is on its way there."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        space = slot.lock(session, space.id)
        return Discarded(changes=commands.discard(session, caller, space, kind, key))
