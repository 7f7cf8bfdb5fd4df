"""One's own account: Hub accounts with their quota, teams with their members, and where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from spaceport.accounts import queries, sign_in
from spaceport.dashboard import flash, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.visitor import RunningInstance
from spaceport.hub_accounts import budget
from spaceport.hub_accounts import commands as hub_accounts

router = APIRouter()

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9a-z]{26}$")]


@router.get("/account")
def account_page(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        teams = queries.teams(session, caller)
        return render.page(
            request,
            "account.html",
            hub_accounts=budget.public(session, hub_accounts.listed(session, caller)),
            teams=[(team, queries.members(session, caller, team.id)) for team in teams],
            sessions=queries.sessions(session, caller),
        )


@router.post("/account/sessions/{session_id}/end", dependencies=OWN_FORM)
def send_end_session(instance: RunningInstance, request: Request, session_id: SessionId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        sign_in.sign_out(session, user_id=caller.user_id, session_id=session_id)
    return flash.redirect(request, "/account", Flash("good", "That session has ended."))
