"""Where a space is and who may see it: visibility, moving, duplicating and deleting."""

from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration.duplicate import DuplicateInput
from spaceport.dashboard import flash, forms, space_settings, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import duplication, management
from spaceport.instance import Instance
from spaceport.spaces import queries
from spaceport.spaces.model import OnHub, Space, SpaceUpdate

router = APIRouter()

_BECAME = {
    OnHub.KEPT: "On the Hub it stays as it is.",
    OnHub.DELETED: "It is deleted on the Hub as well.",
    OnHub.NOT_FOUND: "On the Hub there was none of that name any more.",
}


@router.post("/spaces/{owner}/{name}/settings/visibility")
def send_visibility(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    caller, space = _changing(instance, request, owner, name)
    typed = form.given("visibility")
    try:
        space = management.update(instance, caller, owner, name, forms.parsed(SpaceUpdate, typed))
    except errors.SpaceportError as error:
        return space_settings.page(instance, request, caller, space, refused=error, typed=typed)
    said = Flash("good", f"{space.repo_id} is {space.visibility.value} now.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/settings", said)


@router.post("/spaces/{owner}/{name}/settings/address")
def send_address(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    caller, space = _changing(instance, request, owner, name)
    typed = form.given("move_owner", "move_name")
    wanted = {"owner": form.text("move_owner"), "name": form.text("move_name")}
    try:
        moved = management.update(instance, caller, owner, name, forms.parsed(SpaceUpdate, wanted))
    except errors.SpaceportError as error:
        return space_settings.page(instance, request, caller, space, refused=error, typed=typed)
    said = Flash("good", f"{space.repo_id} is called {moved.repo_id} now.")
    return flash.redirect(request, f"/spaces/{moved.repo_id}/settings", said)


@router.post("/spaces/{owner}/{name}/duplicate")
def send_duplicate(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """Leads to the copy, and names the secrets that it lacks."""
    caller, space = _changing(instance, request, owner, name)
    typed = form.given("copy_owner", "copy_name", "copy_visibility", "copy_hardware")
    wanted: dict[str, Any] = {field.removeprefix("copy_"): value for field, value in typed.items()}
    wanted |= {part: form.text(f"copy_{part}") == "yes" for part in ("secrets", "volumes")}
    try:
        made = duplication.run(instance, caller, owner, name, forms.parsed(DuplicateInput, wanted))
    except errors.SpaceportError as error:
        return space_settings.page(instance, request, caller, space, refused=error, typed=typed)
    copy = f"{made.space.owner}/{made.space.name}"
    lacking = ", ".join(made.missing_secrets)
    fix = f"Their values are known to nobody here, so set them again: {lacking}." if lacking else ""
    return flash.redirect(request, f"/spaces/{copy}", Flash("good", f"This is the copy of {space.repo_id}.", fix))


@router.post("/spaces/{owner}/{name}/delete")
def send_delete(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    caller, space = _changing(instance, request, owner, name)
    try:
        if form.text("confirm") != space.repo_id:
            raise errors.Invalid(
                "Nothing was deleted: its name was not typed.",
                code="confirmation_needed",
                fix=f"Type {space.repo_id} into the field.",
            )
        became = management.drop(instance, caller, owner, name, on_hub=form.text("on_hub") == "yes")
    except errors.SpaceportError as error:
        typed = form.given("on_hub")
        return space_settings.page(instance, request, caller, space, refused=error, typed=typed)
    return flash.redirect(request, "/", Flash("good", f"{space.repo_id} is not managed any more.", _BECAME[became]))


def _changing(instance: Instance, request: Request, owner: str, name: str) -> tuple[Caller, Space]:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        return caller, queries.get(session, caller, owner, name, needs=Role.ADMIN)
