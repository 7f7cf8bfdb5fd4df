"""Volumes of a space: one list, replaced as a whole."""

from fastapi import APIRouter
from sqlmodel import Session

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.changes import Change, Fresh
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import look, queries, volumes
from spaceport.configuration.model import Kind
from spaceport.configuration.volumes import Volume, VolumesInput, VolumesPublic
from spaceport.deployments import slot
from spaceport.deployments.reconfigure import Reconfiguration
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}/volumes", tags=["configuration"])


@router.get("")
def read_volumes(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, fresh: Fresh = False
) -> VolumesPublic:
    """What is mounted into the app. A volume alone outlives its container, whose disk is lost with every restart."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        if not fresh:
            return _public(session, space)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    there = volumes.on_hub(hub, space)
    with instance.database.unit_of_work() as session:
        space = slot.lock(session, space.id)
        look.keep(session, space, Kind.VOLUMES, volumes.entries(there), asked_at)
        return _public(session, space, there)


@router.put("")
def set_volumes(change: Change, wanted: VolumesInput) -> VolumesPublic:
    """Mount these in the place of all others; the app is started again with them. What the Hub refuses changes nothing.

    409 `space_busy` while a deployment is under way.
    """
    return _changed(change, wanted.volumes)


@router.delete("")
def delete_volumes(change: Change) -> VolumesPublic:
    """Mount nothing any more; what lies in a bucket stays there. The Hub refuses this when nothing is mounted."""
    return _changed(change, [])


def _changed(change: Reconfiguration, wanted: list[Volume]) -> VolumesPublic:
    change.put_volumes(wanted)
    with change.instance.database.unit_of_work() as session:
        return _public(session, spaces.get(session, change.caller, change.owner, change.name))


def _public(session: Session, space: Space, there: list[dict[str, object]] | None = None) -> VolumesPublic:
    return volumes.public(space, queries.newest(session, space.id).get((Kind.VOLUMES, volumes.KEY)), there)
