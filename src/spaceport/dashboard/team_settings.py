"""A team's name, and its end."""

from fastapi import APIRouter, Request, Response

from spaceport import errors
from spaceport.accounts import queries, teams
from spaceport.accounts.model import Role, TeamUpdate
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Sent
from spaceport.dashboard.teams import TeamId, page
from spaceport.dashboard.visitor import RunningInstance
from spaceport.fleet import team_deletion

router = APIRouter(prefix="/teams/{team_id}")


@router.post("/name")
def send_name(instance: RunningInstance, request: Request, team_id: TeamId, form: Sent) -> Response:
    values = form.given("name")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.ADMIN)
        try:
            wanted = forms.parsed(TeamUpdate, values)
        except errors.Invalid as error:
            return page(session, request, caller, team_id, refused=error, values=values)
        team = teams.rename(session, caller, team_id, wanted.name)
    return flash.redirect(request, f"/teams/{team_id}", Flash("good", f"The team is called {team.name} now."))


@router.get("/delete")
def delete_page(instance: RunningInstance, request: Request, team_id: TeamId) -> Response:
    """What it stops, or what stands in its way, before it is done."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.OWNER)
        team = queries.team(session, caller, team_id)
        left = team_deletion.managed(session, team_id)
    stays = bool(left) or team.personal
    return render.page(
        request,
        "consequences.html",
        heading=f"{team.name} cannot be deleted" if stays else f"Delete {team.name}?",
        sentences=_in_the_way(left) if stays else _STOPS,
        action="" if stays else f"/teams/{team_id}/delete",
        button="Delete the team",
        back=f"/teams/{team_id}",
    )


@router.post("/delete", dependencies=OWN_FORM)
def send_delete(instance: RunningInstance, request: Request, team_id: TeamId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.OWNER)
        name = queries.team(session, caller, team_id).name
        team_deletion.delete(session, caller, team_id)
    return flash.redirect(request, "/teams", Flash("good", f"The team {name} is deleted."))


_STOPS = [
    "All its members lose access to it, and to the history of its Spaces, at once. This cannot be undone.",
    "The sealed tokens of its Hub accounts are forgotten here, and its hooks end. Nothing is deleted on the Hub.",
]


def _in_the_way(left: list[str]) -> list[str]:
    if not left:
        return ["A personal team stays as long as its user."]
    return [
        f"It still manages {', '.join(left)}.",
        "Stop managing its Spaces first: each has Delete among its settings.",
    ]
