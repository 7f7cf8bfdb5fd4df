"""Managed spaces."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.configuration import creation
from spaceport.deployments import commands as deployments
from spaceport.deployments import slot
from spaceport.deployments.slot import Limits
from spaceport.errors import Invalid
from spaceport.hub import Hub
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import commands, moving, queries
from spaceport.spaces.model import NAME_PATTERN, OnHub, Space, SpaceCreate, SpaceDeleted, SpacePublic, SpaceUpdate
from spaceport.uploads import commands as uploads

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

Owner = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]
Name = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]


@router.post("", status_code=201)
def create_space(instance: RunningInstance, claims: SignedIn, wanted: SpaceCreate, response: Response) -> SpacePublic:
    """Create a Space on the Hub and manage it, or with `adopt` manage one that exists there."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    space = creation.create(instance, caller, wanted)
    response.headers["Location"] = f"/api/v1/spaces/{space.repo_id}"
    return queries.public(space)


@router.get("/{owner}/{name}")
def read_space(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> SpacePublic:
    with instance.database.unit_of_work() as session:
        return queries.public(queries.get(session, accounts.caller(session, claims), owner, name))


@router.patch("/{owner}/{name}")
def update_space(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: SpaceUpdate
) -> SpacePublic:
    """Change what is given and leave the rest. What the Hub refuses changes nothing here either.

    `owner` and `name` move the Space and are sent alone; the old address then answers 404 `space_moved`. A move and a
    new visibility are refused with 409 `space_busy` while a deployment is under way.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
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
        return queries.public(_move(instance, caller, hub, space, to))
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
        return queries.public(space)


@router.delete("/{owner}/{name}")
def delete_space(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    confirm: Annotated[
        str, Query(max_length=200, description="`owner/name` of the Space, as a confirmation.", examples=["acme/demo"])
    ] = "",
    on_hub: Annotated[bool, Query(description="Also delete the Space, its files and secrets on the Hub.")] = False,
) -> SpaceDeleted:
    """Stop managing a space; its deployments stay readable. 409 `space_busy` while one is under way.

    With `on_hub` the Hub comes first: what it refuses changes nothing here, and after a lost answer the same request
    brings it to its end.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        _require_confirmed(space, confirm)
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
    return SpaceDeleted(space=space.repo_id, on_hub=became)


def _move(instance: Instance, caller: Caller, hub: Hub, space: Space, to: str) -> Space:
    hub.move(space.repo_id, to)
    found = moving.head(hub, to)
    with instance.database.unit_of_work() as session:
        space = slot.lock(session, space.id)
        return moving.moved(session, space, found.repo_id if found else to, found, actor=caller.user_id)


def _require_confirmed(space: Space, confirm: str) -> None:
    if confirm != space.repo_id:
        raise Invalid(
            f"Deleting {space.repo_id} has to be confirmed.",
            code="confirmation_needed",
            fix=f"Send ?confirm={space.repo_id} with the request.",
        )
