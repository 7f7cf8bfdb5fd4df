"""Who is in a team: adding, another role, removing, leaving."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from spaceport import errors
from spaceport.accounts import queries, teams
from spaceport.accounts.model import MemberCreate, MemberUpdate, Role
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Sent
from spaceport.dashboard.teams import TeamId, page
from spaceport.dashboard.visitor import RunningInstance

router = APIRouter(prefix="/teams/{team_id}/members")

UserId = Annotated[str, Path(pattern=r"^usr_[0-9a-z]{26}$")]


@router.post("")
def send_member(instance: RunningInstance, request: Request, team_id: TeamId, form: Sent) -> Response:
    values = form.given("email", "role")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.ADMIN)
        try:
            wanted = forms.parsed(MemberCreate, values)
            member = teams.add_member(session, caller, team_id, wanted)
        except (errors.Invalid, errors.NotFound, errors.Conflict) as error:
            return page(session, request, caller, team_id, refused=error, values=values)
    return flash.redirect(request, f"/teams/{team_id}", Flash("good", f"{member.name} is in the team now."))


@router.post("/{user_id}/role")
def send_role(instance: RunningInstance, request: Request, team_id: TeamId, user_id: UserId, form: Sent) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.ADMIN)
        wanted = forms.parsed(MemberUpdate, form.given("role"))
        member = teams.change_role(session, caller, team_id, user_id, wanted.role)
    said = Flash("good", f"{member.name} is {member.role.value} now.")
    return flash.redirect(request, f"/teams/{team_id}", said)


@router.get("/{user_id}/remove")
def remove_page(instance: RunningInstance, request: Request, team_id: TeamId, user_id: UserId) -> Response:
    """What it stops, before it is done."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        leaving = user_id == caller.user_id
        caller.require(team_id, Role.VIEWER if leaving else Role.ADMIN)
        team = queries.team(session, caller, team_id)
        members = {member.user_id: member for member in queries.members(session, caller, team_id)}
    if user_id not in members:
        raise errors.NotFound("There is no such member in the team.", code="member_not_found")
    name = members[user_id].name
    who, whose = ("You", "your") if leaving else (name, "their")
    sentences = [
        f"{who} can no longer see the team's Spaces, and {whose} deploy tokens for them are refused from now on.",
        "What was deployed stays, and so do the Spaces.",
    ]
    stays = [each.user_id for each in members.values() if each.role is Role.OWNER] == [user_id]
    return render.page(
        request,
        "consequences.html",
        heading=f"Leave {team.name}?" if leaving else f"Remove {name} from {team.name}?",
        sentences=["The last owner cannot go: make somebody else an owner first."] if stays else sentences,
        action="" if stays else f"/teams/{team_id}/members/{user_id}/remove",
        button="Leave" if leaving else "Remove",
        back=f"/teams/{team_id}",
    )


@router.post("/{user_id}/remove", dependencies=OWN_FORM)
def send_remove(instance: RunningInstance, request: Request, team_id: TeamId, user_id: UserId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        teams.remove_member(session, caller, team_id, user_id)
    if user_id == caller.user_id:
        return flash.redirect(request, "/teams", Flash("good", "You have left the team."))
    return flash.redirect(request, f"/teams/{team_id}", Flash("good", "They are no longer in the team."))
