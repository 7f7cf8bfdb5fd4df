"""One's own account: who one is, where one is signed in, and the deploy tokens that one made."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from spaceport.accounts import queries, sign_in
from spaceport.dashboard import flash, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deploy_tokens import commands as deploy_tokens
from spaceport.spaces import queries as spaces

router = APIRouter()

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9a-z]{26}$")]


@router.get("/account")
def account_page(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        tokens = deploy_tokens.made_by(session, caller)
        return render.page(
            request,
            "account.html",
            sessions=queries.sessions(session, caller),
            tokens=tokens,
            spaces=spaces.by_id(session, caller, [token.space_id for token in tokens]),
        )


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
