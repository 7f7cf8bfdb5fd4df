"""Deploy tokens: what CI signs in with."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.deploy_tokens import commands
from spaceport.deploy_tokens.model import DeployTokenCreate, DeployTokenIssued, DeployTokenPublic
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}/deploy-tokens", tags=["ci"])

DeployTokenId = Annotated[str, Path(pattern=r"^dtk_[0-9a-z]{26}$")]


@router.post("", status_code=201)
def create_deploy_token(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    wanted: DeployTokenCreate,
    response: Response,
) -> DeployTokenIssued:
    """A token that uploads, deploys this space and reads its deployments, until it expires or is revoked, or its maker
    may not deploy any more. It is shown this once."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        made, token = commands.create(session, caller, team_id=space.team_id, space_id=space.id, wanted=wanted)
    response.headers["Cache-Control"] = "no-store"
    return DeployTokenIssued.model_validate(made, update={"token": token})


@router.get("")
def list_deploy_tokens(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name
) -> list[DeployTokenPublic]:
    """Those that were not revoked, newest first."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return [DeployTokenPublic.model_validate(token) for token in commands.standing(session, space.id)]


@router.delete("/{token_id}", status_code=204)
def revoke_deploy_token(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, token_id: DeployTokenId
) -> None:
    """It is refused from now on."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        commands.revoke(session, caller, space.id, token_id)
