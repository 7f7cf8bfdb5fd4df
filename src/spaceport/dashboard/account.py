"""One's own account: who one is, where one is signed in, and the deploy tokens that one made."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts import queries, sign_in
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.failures import status_of
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deploy_tokens import commands as deploy_tokens
from spaceport.deploy_tokens.model import DeployToken, DeployTokenCreate
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter()

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9a-z]{26}$")]
DeployTokenId = Annotated[str, Path(pattern=r"^dtk_[0-9a-z]{26}$")]

# More than these one types.
_SUGGESTED = 100


@router.get("/account")
def account_page(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        return _page(session, request, visitor.caller(session, request))


@router.post("/account/sessions/{session_id}/end", dependencies=OWN_FORM)
def send_end_session(instance: RunningInstance, request: Request, session_id: SessionId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        sign_in.sign_out(session, user_id=caller.user_id, session_id=session_id)
    return flash.redirect(request, "/account", Flash("good", "That session has ended."))


@router.post("/account/sessions/end-others", dependencies=OWN_FORM)
def send_end_other_sessions(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        sign_in.sign_out_others(session, user_id=caller.user_id, session_id=caller.session_id)
    return flash.redirect(request, "/account", Flash("good", "You are signed in here alone."))


@router.post("/account/deploy-tokens")
def send_deploy_token(instance: RunningInstance, request: Request, form: Sent) -> Response:
    """Answers with the page that shows the token: it is nowhere else, so there is no redirect."""
    values = form.given("space", "name", "expires_in_days")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        try:
            wanted = forms.parsed(DeployTokenCreate, {k: v for k, v in values.items() if k != "space"})
            owner, _, name = values.get("space", "").partition("/")
            space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        except (errors.Invalid, errors.NotFound) as error:
            return _page(session, request, caller, status=status_of(error), said=flash.of(error), values=values)
        _, token = deploy_tokens.create(session, caller, team_id=space.team_id, space_id=space.id, wanted=wanted)
        return _page(session, request, caller, status=201, issued=token, issued_for=space.repo_id)


@router.get("/account/deploy-tokens/{token_id}/revoke")
def revoke_page(instance: RunningInstance, request: Request, token_id: DeployTokenId) -> Response:
    with instance.database.unit_of_work() as session:
        token, space = _own(session, visitor.caller(session, request), token_id)
        return render.page(
            request,
            "consequences.html",
            heading=f"Revoke the deploy token {token.name}?",
            sentences=[
                f"Whatever deploys {space.repo_id} with it, such as CI, is refused from now on.",
                "It cannot be brought back; make a new one instead.",
            ],
            action=f"/account/deploy-tokens/{token.id}/revoke",
            button="Revoke",
            back="/account",
        )


@router.post("/account/deploy-tokens/{token_id}/revoke", dependencies=OWN_FORM)
def send_revoke(instance: RunningInstance, request: Request, token_id: DeployTokenId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        token, space = _own(session, caller, token_id)
        deploy_tokens.revoke(session, caller, space.id, token.id)
    return flash.redirect(request, "/account", Flash("good", f"The deploy token {token.name} is refused from now on."))


def _own(session: Session, caller: Caller, token_id: str) -> tuple[DeployToken, Space]:
    """Raises NotFound for one that somebody else made, Forbidden for whoever is no admin of its space any more."""
    for token in deploy_tokens.made_by(session, caller):
        if token.id == token_id and (found := spaces.by_id(session, caller, [token.space_id])):
            caller.require(token.team_id, Role.ADMIN)
            return token, found[token.space_id]
    raise errors.NotFound("You made no such deploy token.", code="deploy_token_not_found")


def _page(session: Session, request: Request, caller: Caller, *, status: int = 200, **context: Any) -> Response:
    tokens = deploy_tokens.made_by(session, caller)
    return render.page(
        request,
        "account.html",
        status=status,
        sessions=queries.sessions(session, caller),
        tokens=tokens,
        spaces=spaces.by_id(session, caller, [token.space_id for token in tokens]),
        administered=frozenset(caller.team_ids(at_least=Role.ADMIN)),
        suggested=spaces.addresses(session, caller, at_least=Role.ADMIN, limit=_SUGGESTED),
        **{"values": {}, "issued": None, "issued_for": None} | context,
    )
