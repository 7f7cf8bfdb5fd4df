"""One's own account: who one is, where one is signed in, the password, and the deploy tokens that one made."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts import passwords, queries, sign_in
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import PasswordChange
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deploy_tokens import commands as deploy_tokens
from spaceport.spaces import queries as spaces

router = APIRouter()

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9a-z]{26}$")]


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
        sign_in.sign_out_others(session, caller)
    return flash.redirect(request, "/account", Flash("good", "You are signed in here alone."))


@router.post("/account/password")
def send_password(instance: RunningInstance, request: Request, form: Sent) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        try:
            wanted = forms.parsed(PasswordChange, {"current": form.exact("current"), "new": form.exact("new")})
        except errors.Invalid as error:
            return _page(session, request, caller, refused=error)
        refused = sign_in.change_password(session, caller, wanted, client=visitor.client(request))
        if refused is not None:
            return _page(session, request, caller, refused=refused)
    said = Flash("good", "Your password is changed.", "Everywhere else you are signed out.")
    return flash.redirect(request, "/account", said)


def _page(
    session: Session, request: Request, caller: Caller, *, refused: errors.SpaceportError | None = None
) -> Response:
    tokens = deploy_tokens.made_by(session, caller)
    return render.page(
        request,
        "account.html",
        refused=refused,
        sessions=queries.sessions(session, caller),
        tokens=tokens,
        spaces=spaces.by_id(session, caller, [token.space_id for token in tokens]),
        password_characters=passwords.MIN_CHARACTERS,
    )
