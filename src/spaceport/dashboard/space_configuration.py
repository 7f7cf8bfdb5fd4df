"""What an app is started with: secrets, variables and volumes, and which changes of them wait to be applied."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import commands, look, queries, volumes
from spaceport.configuration.inputs import Apply
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.dashboard import flash, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import slot
from spaceport.deployments.reconfigure import Reconfiguration
from spaceport.instance import Instance
from spaceport.runtime.model import Observation
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter()

Plural = Literal["secrets", "variables"]
KINDS: dict[Plural, Kind] = {"secrets": Kind.SECRET, "variables": Kind.VARIABLE}


@router.get("/spaces/{owner}/{name}/configuration")
def configuration_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
    return page(instance, request, caller, space)


@router.post("/spaces/{owner}/{name}/configuration/staged/apply", dependencies=OWN_FORM)
def send_apply(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    applied = Reconfiguration(instance, caller, owner, name, Apply.NOW).apply_staged()
    said = f"{_changes(len(applied))} applied." if applied else "Nothing was waiting any more."
    return back(request, owner, name, Flash("good", said))


@router.post("/spaces/{owner}/{name}/configuration/staged/discard")
def send_discard(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """All that is staged, or the change of one key."""
    kind = next((each for each in Kind if each == form.text("kind")), None)
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        count = commands.discard(session, caller, slot.lock(session, space.id), kind, form.text("key") or None)
    return back(request, owner, name, Flash("good", f"{_changes(count)} discarded. What is on the Hub stays as it is."))


@router.post("/spaces/{owner}/{name}/configuration/look", dependencies=OWN_FORM)
def send_look(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    """Ask the Hub what is there now. Changes nothing, so that whoever may see the page may."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, visitor.caller(session, request), owner, name)
    look.now(instance, space, Kind)
    with instance.database.unit_of_work() as session:
        found = len(queries.differences(session, space.id))
    said = Flash("bad", f"{_changes(found, 'was', 'were')} made on the Hub itself.", "It is shown below.")
    if not found:
        said = Flash("good", "The Hub was asked: nobody has changed there what was set here.")
    return back(request, owner, name, said)


def page(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    *,
    refused: errors.SpaceportError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """`typed` is what was sent with the form that was refused, whose name is its `form`. Never with a secret."""
    with instance.database.unit_of_work() as session:
        context = _context(session, space)
    return render.page(
        request,
        "space_configuration.html",
        refused=refused,
        typed=typed or {"form": ""},
        **context,
        **space_frame.context(caller, space, "configuration"),
    )


def back(request: Request, owner: str, name: str, said: Flash) -> Response:
    return flash.redirect(request, f"/spaces/{owner}/{name}/configuration", said)


def mounts(space: Space, newest: Version | None) -> list[tuple[Volume, str]]:
    """What is wanted, and what an application takes away, each with `there`, `staged` or `leaving`."""
    there = [Volume.model_validate(each) for each in space.volumes]
    wanted = volumes.wanted(space, newest)
    kept = {each.mount_path for each in wanted}
    shown = [(each, "there" if each in there else "staged") for each in wanted]
    shown += [(each, "leaving") for each in there if each.mount_path not in kept]
    return sorted(shown, key=lambda each: each[0].mount_path)


def _context(session: Session, space: Space) -> dict[str, Any]:
    newest = queries.newest(session, space.id)
    seen = session.get(Observation, space.id)
    return {
        "lists": {plural: queries.present(session, space.id, kind) for plural, kind in KINDS.items()},
        "staged": queries.staged(session, space.id),
        "mounts": mounts(space, newest.get((Kind.VOLUMES, volumes.KEY))),
        "differences": queries.differences(session, space.id),
        "stage": seen.stage if seen else None,
    }


def _changes(count: int, one: str = "is", many: str = "are") -> str:
    return f"1 change {one}" if count == 1 else f"{count} changes {many}"
