"""Deploying one space from CI: the workflow to copy, and the tokens that it signs in with."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from spaceport import errors
from spaceport.accounts import queries as accounts
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deploy_tokens import commands
from spaceport.deploy_tokens.model import LONGEST_DAYS, DeployTokenCreate
from spaceport.deployments.ci_workflows import Host, workflow
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter(prefix="/spaces/{owner}/{name}/pushes/ci")

TokenId = Annotated[str, Path(pattern=r"^dtk_[0-9a-z]{26}$")]


@router.get("")
def ci_page(instance: RunningInstance, request: Request, owner: Owner, name: Name, host: str = "") -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
    return _page(instance, request, caller, space, host)


@router.post("/tokens")
def send_token(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """The token is on the page that answers, and nowhere else; so there is no redirect."""
    values = form.given("name", "expires_in_days")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
    try:
        wanted = forms.parsed(DeployTokenCreate, values)
    except errors.Invalid as error:
        return _page(instance, request, caller, space, form.text("host"), values=values, refused=error)
    with instance.database.unit_of_work() as session:
        made, token = commands.create(session, caller, team_id=space.team_id, space_id=space.id, wanted=wanted)
    return _page(instance, request, caller, space, form.text("host"), made=made, token_text=token)


@router.get("/tokens/{token_id}/revoke")
def revocation_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, token_id: TokenId
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        found = next((each for each in commands.standing(session, space.id) if each.id == token_id), None)
    if found is None:
        raise errors.NotFound("The space has no such deploy token.", code="deploy_token_not_found")
    framed = space_frame.context(caller, space, "pushes")
    return render.page(request, "space_token_revoke.html", part="ci", each=found, **framed)


@router.post("/tokens/{token_id}/revoke", dependencies=OWN_FORM)
def send_revocation(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, token_id: TokenId
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        commands.revoke(session, caller, space.id, token_id)
    said = Flash("good", "The deploy token is revoked: it is refused from now on.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/pushes/ci", said)


def _page(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    host: str,
    *,
    refused: errors.Invalid | None = None,
    **context: Any,
) -> Response:
    chosen = Host(host) if host in set(Host) else _likely(space)
    with instance.database.unit_of_work() as session:
        tokens = commands.standing(session, space.id)
        makers = accounts.names(session, {token.created_by for token in tokens})
    return render.page(
        request,
        "space_ci.html",
        refused=refused,
        part="ci",
        host=chosen,
        hosts=Host,
        snippet=workflow(chosen, space, instance.settings.public_url or str(request.base_url)),
        tokens=tokens,
        makers=makers,
        longest_days=LONGEST_DAYS,
        **({"values": {}, "made": None, "token_text": None} | context),
        **space_frame.context(caller, space, "pushes"),
    )


def _likely(space: Space) -> Host:
    return Host.GITLAB if "gitlab" in str((space.source or {}).get("url", "")) else Host.GITHUB
