"""Managed spaces."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.configuration import creation
from spaceport.deployments import management
from spaceport.errors import Invalid
from spaceport.spaces import queries
from spaceport.spaces.model import NAME_PATTERN, Space, SpaceCreate, SpaceDeleted, SpacePublic, SpaceUpdate

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
    return queries.public(management.update(instance, caller, owner, name, wanted))


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
    became = management.drop(instance, caller, owner, name, on_hub=on_hub)
    return SpaceDeleted(space=space.repo_id, on_hub=became)


def _require_confirmed(space: Space, confirm: str) -> None:
    if confirm != space.repo_id:
        raise Invalid(
            f"Deleting {space.repo_id} has to be confirmed.",
            code="confirmation_needed",
            fix=f"Send ?confirm={space.repo_id} with the request.",
        )
