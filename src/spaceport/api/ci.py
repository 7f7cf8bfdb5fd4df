"""What CI needs: a ready workflow, and how a deployment ended in words for the job's page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from spaceport.accounts import queries as accounts
from spaceport.api.caller import MayDeploy, RunningInstance, SignedIn, asking
from spaceport.api.deployments import DeploymentId
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import queries, summary
from spaceport.deployments.ci_workflows import Host, workflow
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1", tags=["ci"])


class Markdown(PlainTextResponse):
    media_type = "text/markdown"


@router.get("/spaces/{owner}/{name}/ci-snippet", response_class=PlainTextResponse)
def read_ci_snippet(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    request: Request,
    host: Annotated[Host, Query(description="Where the CI runs.")],
) -> PlainTextResponse:
    """A workflow that uploads the checkout, deploys it here and waits for the outcome: its exit status is 0 when the
    commit is live, 1 when it failed, 2 when nobody knows yet, 3 when a newer one took its place."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return PlainTextResponse(workflow(host, space, instance.settings.public_url or str(request.base_url)))


@router.get("/deployments/{deployment_id}/summary", response_class=Markdown)
def read_deployment_summary(instance: RunningInstance, credential: MayDeploy, deployment_id: DeploymentId) -> Markdown:
    """How it stands or ended, in Markdown, for a CI job's page."""
    with instance.database.unit_of_work() as session:
        deployment = queries.get(session, asking(session, credential), deployment_id)
        return Markdown(summary.markdown(deployment, session.get_one(Space, deployment.space_id)))
