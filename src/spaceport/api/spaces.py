"""Managed spaces."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import After, Limit, Page, page
from spaceport.deployments import slot
from spaceport.errors import Conflict
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.spaces import commands, queries
from spaceport.spaces.model import NAME_PATTERN, SpaceCreate, SpacePublic, SpaceUpdate
from spaceport.uploads import commands as uploads

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

Owner = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]
Name = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]


@router.post("", status_code=201)
def create_space(instance: RunningInstance, claims: SignedIn, wanted: SpaceCreate, response: Response) -> SpacePublic:
    """Create a Space on the Hub and manage it, or with `adopt` manage one that exists there."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    if wanted.hub_account_id is None:
        hub_accounts.adopt_environment(instance, caller)
    with instance.database.unit_of_work() as session:
        admission = commands.admit(session, instance, caller, wanted)
        if wanted.source is not None and wanted.source.kind == "upload":
            uploads.get(session, admission.account.team_id, wanted.source.upload_id)
    head = commands.settle(admission, wanted)
    with instance.database.unit_of_work() as session:
        space = commands.add(session, instance, caller, wanted, admission, head)
    response.headers["Location"] = f"/api/v1/spaces/{space.repo_id}"
    return queries.public(space)


@router.get("")
def list_spaces(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    response: Response,
    cursor: After = None,
    limit: Limit = 50,
) -> Page[SpacePublic]:
    """Your teams' spaces, newest first."""
    with instance.database.unit_of_work() as session:
        found = queries.page(session, accounts.caller(session, claims), after=cursor, limit=limit)
    items = [queries.public(space) for space in found]
    return page(request, response, items, limit=limit, last_id=items[-1].id if items else None)


@router.get("/{owner}/{name}")
def read_space(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> SpacePublic:
    with instance.database.unit_of_work() as session:
        return queries.public(queries.get(session, accounts.caller(session, claims), owner, name))


@router.patch("/{owner}/{name}")
def update_space(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: SpaceUpdate
) -> SpacePublic:
    """Change what is given and leave the rest. What the Hub refuses changes nothing here either."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        if wanted.source is not None and wanted.source.kind == "upload":
            uploads.get(session, space.team_id, wanted.source.upload_id)
        commands.check_source(space.source, wanted)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    commands.change_on_hub(hub, space, wanted)
    with instance.database.unit_of_work() as session:
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        return queries.public(commands.change(session, instance, caller, space, wanted))


@router.delete("/{owner}/{name}", status_code=204)
def delete_space(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    on_hub: Annotated[bool, Query(description="Also delete the Space, its files and secrets on the Hub.")] = False,
) -> None:
    """Stop managing a space; its deployments stay readable. 409 `space_busy` while one is under way."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        slot.lock(session, space.id)
        if busy := slot.holder(session, space.id):
            raise Conflict(
                f"Deployment {busy.id} is {busy.status}.",
                code="space_busy",
                fix="Cancel it or wait for its end, then delete.",
            )
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
        commands.drop(session, caller, space, on_hub=on_hub)
    if on_hub:
        hub.delete(space.repo_id)
