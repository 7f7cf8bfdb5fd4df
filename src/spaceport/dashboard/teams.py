"""Teams: which one is in, who else is, the Hub accounts they deploy with, and what it costs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts import queries, teams
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role, TeamCreate
from spaceport.costs import queries as costs
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.hub_accounts import budget
from spaceport.hub_accounts import commands as hub_accounts

router = APIRouter()

TeamId = Annotated[str, Path(pattern=r"^team_[0-9a-z]{26}$")]

_DEAREST = 10


@router.get("/teams")
def teams_page(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        mine = queries.teams(session, visitor.caller(session, request))
    return render.page(request, "teams.html", teams=mine, values={})


@router.post("/teams")
def send_team(instance: RunningInstance, request: Request, form: Sent) -> Response:
    values = form.given("name")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        try:
            wanted = forms.parsed(TeamCreate, values)
        except errors.Invalid as error:
            mine = queries.teams(session, caller)
            return render.page(request, "teams.html", refused=error, teams=mine, values=values)
        team = teams.create(session, owner_id=caller.user_id, name=wanted.name)
    said = Flash(
        "good", f"The team {team.name} is there, and you own it.", "Add its members, and connect a Hub account."
    )
    return flash.redirect(request, f"/teams/{team.id}", said)


@router.get("/teams/{team_id}")
def team_page(instance: RunningInstance, request: Request, team_id: TeamId) -> Response:
    with instance.database.unit_of_work() as session:
        return page(session, request, visitor.caller(session, request), team_id)


def page(session: Session, request: Request, caller: Caller, team_id: str, **context: Any) -> Response:
    """The page of a team; also with what was typed into one of its forms. Raises NotFound for another's team."""
    team = queries.team(session, caller, team_id)
    members = queries.members(session, caller, team_id)
    accounts = [each for each in hub_accounts.listed(session, caller) if each.team_id == team_id]
    return render.page(
        request,
        "team.html",
        team=team,
        members=members,
        owners=[member.user_id for member in members if member.role is Role.OWNER],
        roles=[role for role in Role if role is not Role.OWNER or team.role is Role.OWNER],
        may_change=team.role.covers(Role.ADMIN),
        may_handle_owners=team.role is Role.OWNER,
        hub_accounts=budget.public(session, accounts),
        cost=costs.of_team(session, team_id, dearest=_DEAREST),
        dearest=_DEAREST,
        **{"values": {}} | context,
    )
