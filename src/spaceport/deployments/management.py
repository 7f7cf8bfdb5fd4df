"""Changing, moving and dropping a managed Space: the Hub first, and nothing that pulls it from under a deployment."""

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.deployments import commands as deployments
from spaceport.deployments import slot
from spaceport.deployments.slot import Limits
from spaceport.hub import Hub
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import commands, moving, queries
from spaceport.spaces.model import OnHub, Space, SpaceUpdate
from spaceport.uploads import commands as uploads


def update(instance: Instance, caller: Caller, owner: str, name: str, wanted: SpaceUpdate) -> Space:
    """Change what is given and leave the rest; what the Hub refuses changes nothing here either.

    Raises Invalid `move_alone`, Conflict `space_busy` for a move or a new visibility while a deployment is under way,
    Conflict `space_taken`, HubFailure, and what `commands.change` raises.
    """
    with instance.database.unit_of_work() as session:
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        if wanted.source is not None and wanted.source.kind == "upload":
            uploads.get(session, space.team_id, wanted.source.upload_id)
        commands.check_source(space.source, wanted)
        to = moving.target(space, wanted)
        if to is not None:
            commands.require_unmanaged(session, space.endpoint, to, but=space.id)
        if to is not None or wanted.visibility is not None:
            slot.require_free(session, space.id)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    if to is not None:
        return _move(instance, caller, hub, space, to)
    if wanted.visibility is not None:
        hub.set_visibility(space.repo_id, wanted.visibility)
        found = moving.head(hub, space.repo_id)
        with instance.database.unit_of_work() as session:
            space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
            moving.made_visible(session, space, wanted.visibility, found, actor=caller.user_id)
    with instance.database.unit_of_work() as session:
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        if wanted.model_fields_set - {"owner", "name", "visibility"}:
            commands.change(session, instance, caller, space, wanted)
        return space


def drop(instance: Instance, caller: Caller, owner: str, name: str, *, on_hub: bool) -> OnHub:
    """Stop managing a space; its deployments stay readable. Returns what became of the Space on the Hub.

    With `on_hub` the Hub comes first: what it refuses changes nothing here, and after a lost answer the same call
    brings it to its end. Raises Conflict `space_busy` while a deployment is under way, HubFailure.
    """
    with instance.database.unit_of_work() as session:
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        slot.require_free(session, space.id)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    became = OnHub.KEPT
    if on_hub:
        became = OnHub.DELETED if hub.delete(space.repo_id) else OnHub.NOT_FOUND
    with instance.database.unit_of_work() as session:
        space = slot.lock(session, space.id)
        if space.deleted_at is None:
            # One that was asked for meanwhile has nothing to deploy to any more.
            deployments.cancel_open(session, Limits.of(instance.settings), space, actor=caller.user_id)
            commands.drop(session, caller, space, became)
    return became


def _move(instance: Instance, caller: Caller, hub: Hub, space: Space, to: str) -> Space:
    hub.move(space.repo_id, to)
    found = moving.head(hub, to)
    with instance.database.unit_of_work() as session:
        space = slot.lock(session, space.id)
        return moving.moved(session, space, found.repo_id if found else to, found, actor=caller.user_id)
