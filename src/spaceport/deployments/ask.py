"""A person asks for a deployment: of the space's own source, or of another one for this once."""

from typing import Any

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.deployments import commands
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import Deployment, DeploymentCreate
from spaceport.deployments.slot import Limits
from spaceport.errors import Forbidden, Invalid
from spaceport.instance import Instance
from spaceport.jobs.model import InitiatorType
from spaceport.spaces.model import Space
from spaceport.uploads import commands as uploads


def deploy(
    session: Session,
    instance: Instance,
    caller: Caller,
    space: Space,
    wanted: DeploymentCreate,
    *,
    trigger: str = "api",
) -> Deployment:
    """Raises Invalid `no_source`, NotFound for an upload of another team, Forbidden `deploy_token_source`, and what
    `commands.request` raises."""
    if wanted.source is not None and wanted.source.kind == "upload":
        uploads.get(session, space.team_id, wanted.source.upload_id)
    elif wanted.source is not None and caller.only_space is not None:
        raise Forbidden(
            "A deploy token deploys uploads and the space's own source, and no other one.",
            code="deploy_token_source",
            fix="Upload an archive and deploy that, or set the space's source.",
        )
    return commands.request(
        session,
        Limits.of(instance.settings),
        space,
        source=_source(space, wanted),
        initiator=Initiator(InitiatorType.USER, caller.user_id, caller.name),
        trigger=trigger,
        if_busy=wanted.if_busy,
    )


def _source(space: Space, wanted: DeploymentCreate) -> dict[str, Any]:
    if wanted.source is not None:
        return wanted.source.model_dump(mode="json")
    if space.source is None:
        raise Invalid(
            f"{space.repo_id} has no source yet.",
            code="no_source",
            fix="Set one with PATCH on the space, or send a source with the deployment.",
        )
    return space.source
