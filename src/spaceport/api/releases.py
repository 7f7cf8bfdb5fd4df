"""Releases of a space, and going back to one."""

from fastapi import APIRouter, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import Page, Paging
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import queries, releases, rollback
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import DeploymentPublic
from spaceport.deployments.releases import ReleasePublic, RollbackInput
from spaceport.deployments.slot import Limits
from spaceport.jobs.model import InitiatorType
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}", tags=["deployments"])


@router.get("/releases")
def list_releases(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, paging: Paging
) -> Page[ReleasePublic]:
    """What went live, newest first."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return paging.page(releases.page(session, space, after=paging.after, limit=paging.limit))


@router.post("/rollbacks", status_code=202)
def roll_back(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: RollbackInput, response: Response
) -> DeploymentPublic:
    """Put the files of an earlier release back, by a deployment of its own.

    It is pushed as one commit, watched and checked like any other. Secrets, variables and settings stay as they are.
    Approval and freeze windows do not hold it up; a lock refuses it.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        release = rollback.release(session, space, wanted.release)
        initiator = Initiator(InitiatorType.USER, caller.user_id, caller.name)
        deployment = rollback.to(session, Limits.of(instance.settings), space, release, initiator)
        response.headers["Location"] = f"/api/v1/deployments/{deployment.id}"
        return queries.public(deployment, space)
