"""Volumes of a space: one list, replaced as a whole."""

from fastapi import APIRouter

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.changes import Fresh
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import applications, volumes
from spaceport.configuration.volumes import VolumesInput, VolumesPublic
from spaceport.deployments import slot
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}/volumes", tags=["configuration"])


@router.get("")
def read_volumes(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, fresh: Fresh = False
) -> VolumesPublic:
    """What is mounted into the app. A volume alone outlives its container, whose disk is lost with every restart."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        if not fresh:
            return volumes.public(space)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    return volumes.public(space, volumes.on_hub(hub, space))


@router.put("")
def set_volumes(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: VolumesInput
) -> VolumesPublic:
    """Mount these in the place of all others; the app is started again with them. What the Hub refuses changes nothing.

    409 `space_busy` while a deployment is under way.
    """
    return _change(instance, claims, owner, name, volumes.as_sent(wanted.volumes))


@router.delete("")
def delete_volumes(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> VolumesPublic:
    """Mount nothing any more; what lies in a bucket stays there. The Hub refuses this when nothing is mounted."""
    return _change(instance, claims, owner, name, [])


def _change(
    instance: RunningInstance, claims: SignedIn, owner: str, name: str, wanted: list[dict[str, object]]
) -> VolumesPublic:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name, needs=Role.DEPLOYER)
        slot.require_free(session, space.id)
        applications.require_none(session, space)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    if wanted:
        hub.configuration.set_volumes(space.repo_id, wanted)
    else:
        hub.configuration.delete_volumes(space.repo_id)
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        return volumes.public(volumes.change(session, caller, slot.lock(session, space.id), wanted))
