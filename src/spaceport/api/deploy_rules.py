"""When a push deploys a space, what holds deployments back, and the approval of those that wait for it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.deployments import DeploymentId
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import gates, queries
from spaceport.deployments.model import DeploymentPublic
from spaceport.deployments.slot import Limits
from spaceport.spaces import deploy_rules
from spaceport.spaces import queries as spaces
from spaceport.spaces.deploy_rules import Reason, Rules
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1", tags=["deploy rules"])


class Approval(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40,64}$")] | None = Field(
        default=None, description="The commit that is approved: 409 when it is about another one by now."
    )


class Rejection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = None


@router.get("/spaces/{owner}/{name}/deploy-rules")
def read_deploy_rules(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> Rules:
    with instance.database.unit_of_work() as session:
        return deploy_rules.of(session, spaces.get(session, accounts.caller(session, claims), owner, name))


@router.put("/spaces/{owner}/{name}/deploy-rules")
def set_deploy_rules(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, wanted: Rules) -> Rules:
    """Replace the rules; whether pushes deploy at all is the space's `auto_deploy`. What is queued already goes on."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        deploy_rules.change(session, caller, space, wanted)
        return wanted


@router.post("/deployments/{deployment_id}/approval", status_code=202)
def approve_deployment(
    instance: RunningInstance, claims: SignedIn, deployment_id: DeploymentId, approval: Approval | None = None
) -> DeploymentPublic:
    """Let a deployment on that waits for approval. 409 when it does not, or when the space is locked."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        deployment = queries.get(session, caller, deployment_id, needs=Role.ADMIN)
        limits, revision = Limits.of(instance.settings), approval.revision if approval else None
        gates.approve(session, limits, deployment, actor=caller.user_id, name=caller.name, revision=revision)
        return queries.public(deployment, session.get_one(Space, deployment.space_id))


@router.post("/deployments/{deployment_id}/rejection", status_code=202)
def reject_deployment(
    instance: RunningInstance, claims: SignedIn, deployment_id: DeploymentId, rejection: Rejection | None = None
) -> DeploymentPublic:
    """End a deployment that waits for approval."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        deployment = queries.get(session, caller, deployment_id, needs=Role.ADMIN)
        limits, reason = Limits.of(instance.settings), rejection.reason if rejection else None
        gates.reject(session, limits, deployment, actor=caller.user_id, name=caller.name, reason=reason)
        return queries.public(deployment, session.get_one(Space, deployment.space_id))
