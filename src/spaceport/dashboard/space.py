"""One space: what runs, what was deployed, and what one can do about it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import queries as configuration
from spaceport.costs import queries as costs
from spaceport.dashboard import flash, forms, render, space_frame, streams, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import ask, lifecycle, queries
from spaceport.deployments.model import DeploymentCreate, IfBusy
from spaceport.events import activity
from spaceport.fleet import queries as fleet
from spaceport.runtime.model import Observation
from spaceport.sources.model import UploadSource
from spaceport.spaces import queries as spaces
from spaceport.spaces.drift import Difference
from spaceport.spaces.model import Space
from spaceport.uploads import commands as uploads

router = APIRouter()

_SHOWN = 25


@router.get("/spaces/{owner}/{name}")
def space_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    """With htmx only the part that changes by itself."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        context = _context(session, caller, space)
    if render.asked_by_htmx(request):
        return render.fragment(request, "fragments/space.html", **context)
    return render.page(request, "space.html", values={}, ways=IfBusy, **context)


@router.get("/spaces/{owner}/{name}/stream")
def follow_space(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    """Tells the page that something happened to this space."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        topic = (space.id, activity.resume(session, space.id, None))
    return streams.answer(instance, caller, streams.changes(request.app.state.feed, [topic]))


@router.post("/spaces/{owner}/{name}/deploy")
def send_deploy(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """The space's own source, in its newest revision or in another one for this once."""
    values = form.given("ref", "if_busy")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        try:
            deployment = ask.deploy(session, instance, caller, space, _wanted(space, values), trigger="dashboard")
        except (errors.Invalid, errors.Conflict) as error:
            session.rollback()
            context = _context(session, caller, space)
            return render.page(request, "space.html", refused=error, values=values, ways=IfBusy, **context)
    return flash.redirect(request, f"/deployments/{deployment.id}")


@router.post("/spaces/{owner}/{name}/uploads")
def send_archive(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """Deploy an archive for this once."""
    file = form.file("archive")
    if file is None:
        raise errors.Invalid("No archive was chosen.", code="no_archive", fix="Choose a .tar.gz or .zip file.")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
    with instance.database.unit_of_work() as session:
        upload = uploads.keep(session, space.team_id, file.file, actor=caller.user_id)
        wanted = DeploymentCreate(source=UploadSource(upload_id=upload.id))
        deployment = ask.deploy(session, instance, caller, space, wanted, trigger="dashboard")
    return flash.redirect(request, f"/deployments/{deployment.id}")


@router.post("/spaces/{owner}/{name}/pause", dependencies=OWN_FORM)
def send_pause(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    paused = lifecycle.pause(instance, caller, owner, name)
    also = (
        f" {len(paused.canceled_deployments)} deployment under way was canceled." if paused.canceled_deployments else ""
    )
    said = Flash("good", f"{owner}/{name} is paused.{also}", "Restart starts it again.")
    return flash.redirect(request, f"/spaces/{owner}/{name}", said)


@router.post("/spaces/{owner}/{name}/restart")
def send_restart(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    lifecycle.restart(instance, caller, owner, name, factory=form.text("factory") == "yes")
    return flash.redirect(request, f"/spaces/{owner}/{name}", Flash("good", f"{owner}/{name} starts again."))


def _context(session: Session, caller: Caller, space: Space) -> dict[str, Any]:
    seen = session.get(Observation, space.id)
    found = queries.page(session, space, after=None, limit=_SHOWN + 1)
    return (
        space_frame.context(caller, space, "")
        | space_frame.held_back(session, space)
        | {
            "row": fleet.one(session, caller, space),
            "runtime": queries.runtime(session, space, seen) if seen else None,
            "waiting": len(configuration.staged(session, space.id)),
            "cost": costs.of_space(session, space),
            "differences": [
                *map(Difference.model_validate, space.drift),
                *configuration.differences(session, space.id),
            ],
            "listed_at": seen.listed_at if seen else None,
            "deployments": found[:_SHOWN],
            "more": len(found) > _SHOWN,
        }
    )


def _wanted(space: Space, values: dict[str, str]) -> DeploymentCreate:
    """Raises Invalid `form_invalid`."""
    wanted: dict[str, Any] = {"if_busy": values.get("if_busy", IfBusy.SUPERSEDE)}
    if space.source and (ref := values.get("ref")):
        wanted["source"] = space.source | {"ref" if space.source["kind"] == "git" else "revision": ref}
    return forms.parsed(DeploymentCreate, wanted)
