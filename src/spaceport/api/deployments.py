"""Deployments: ask for one, read it, follow it live, cancel it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import MayDeploy, RunningInstance, SignedIn, asking
from spaceport.api.pages import Page, Paging
from spaceport.api.spaces import Name, Owner
from spaceport.api.streams import EventStream, event_stream
from spaceport.deployments import ask, commands, frames, queries
from spaceport.deployments.model import DeploymentCreate, DeploymentPublic
from spaceport.deployments.slot import Limits
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1", tags=["deployments"])

DeploymentId = Annotated[str, Path(pattern=r"^dep_[0-9a-z]{26}$")]


class LogLinePublic(BaseModel):
    seq: int
    step: str
    at: str
    line: str


class LogPage(BaseModel):
    """`next_cursor` is the last line's number: ask again with it for what came since."""

    items: list[LogLinePublic]
    next_cursor: int
    pruned_at: datetime | None = Field(description="When its lines were let go: there are none any more. Null before.")


@router.post("/spaces/{owner}/{name}/deployments", status_code=202)
def create_deployment(
    instance: RunningInstance,
    credential: MayDeploy,
    owner: Owner,
    name: Name,
    response: Response,
    wanted: DeploymentCreate | None = None,
) -> DeploymentPublic:
    """Queue a deployment of the space's source, or of another one for this once."""
    wanted = wanted or DeploymentCreate()
    with instance.database.unit_of_work() as session:
        caller = asking(session, credential)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        deployment = ask.deploy(session, instance, caller, space, wanted)
        response.headers["Location"] = f"/api/v1/deployments/{deployment.id}"
        return queries.public(deployment, space)


@router.get("/spaces/{owner}/{name}/deployments")
def list_deployments(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, paging: Paging
) -> Page[DeploymentPublic]:
    """A space's deployments, newest first."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        found = queries.page(session, space, after=paging.after, limit=paging.limit)
    return paging.page([queries.public(deployment, space) for deployment in found])


@router.get("/deployments/{deployment_id}")
def read_deployment(instance: RunningInstance, credential: MayDeploy, deployment_id: DeploymentId) -> DeploymentPublic:
    with instance.database.unit_of_work() as session:
        deployment = queries.get(session, asking(session, credential), deployment_id)
        return queries.public(deployment, session.get_one(Space, deployment.space_id))


@router.get("/deployments/{deployment_id}/logs")
def read_deployment_log(
    instance: RunningInstance,
    credential: MayDeploy,
    deployment_id: DeploymentId,
    cursor: Annotated[int, Query(ge=0, lt=2**62, description="Number of the last line you have.")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    step: Annotated[str | None, Query(pattern="^(push|build|run|pre-deploy|post-deploy)$")] = None,
) -> LogPage:
    """Lines after a cursor, oldest first."""
    with instance.database.unit_of_work() as session:
        deployment = queries.get(session, asking(session, credential), deployment_id)
        lines = queries.log_page(session, deployment.id, after=cursor, limit=limit, step=step)
    items = [LogLinePublic(seq=line.seq, step=line.step, at=line.at.isoformat(), line=line.line) for line in lines]
    next_cursor = items[-1].seq if items else cursor
    return LogPage(items=items, next_cursor=next_cursor, pruned_at=deployment.log_pruned_at)


@router.get(
    "/deployments/{deployment_id}/events",
    response_class=EventStream,
    responses={204: {"description": "It has ended, and everything was seen: nothing to reconnect for."}},
)
def follow_deployment(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    deployment_id: DeploymentId,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """What happens to a deployment as server-sent events: status changes and log lines, from its beginning or
    after `Last-Event-ID`. The stream ends with the deployment's final event, and asked again answers 204; before
    that it ends with the access token: connect again with a new one."""
    with instance.database.unit_of_work() as session:
        deployment = queries.get(session, accounts.caller(session, claims), deployment_id)
        cursor = frames.resume(session, deployment, last_event_id)
    if cursor is None:
        return Response(status_code=204)
    return event_stream(instance, claims, request.app.state.feed.follow(deployment.id, cursor))


@router.post("/deployments/{deployment_id}/cancellation", status_code=202)
def cancel_deployment(instance: RunningInstance, claims: SignedIn, deployment_id: DeploymentId) -> DeploymentPublic:
    """A queued deployment ends at once; a running one is told to stop, and says what it left. 409 when it has ended."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        deployment = queries.get(session, caller, deployment_id, needs=Role.DEPLOYER)
        commands.cancel(session, Limits.of(instance.settings), deployment, actor=caller.user_id)
        return queries.public(deployment, session.get_one(Space, deployment.space_id))
