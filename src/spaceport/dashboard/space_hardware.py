"""Hardware, sleep and replicas of a space: what they would cost is seen before they are changed."""

from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.costs import dry_runs
from spaceport.dashboard import flash, forms, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.instance import Instance
from spaceport.spaces import queries, settings
from spaceport.spaces.model import Space
from spaceport.spaces.settings import SettingsUpdate

router = APIRouter()

_FIELDS = ("hardware", "sleep_time", "replicas", "dev_mode")


@router.get("/spaces/{owner}/{name}/settings/hardware")
def forecast_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    """What was chosen and what it would cost. Nothing is changed yet."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        present = settings.public(session, space).model_dump()
    asked = {field: request.query_params.get(field, "") for field in _FIELDS}
    # What is so already is not sent again: the Hub might start the app once more for it.
    chosen = {field: value for field, value in asked.items() if value and _said(present[field]) != value}
    if not chosen:
        said = Flash("bad", "Nothing to change was chosen.", "Choose other hardware, sleep or replicas first.")
        return flash.redirect(request, f"/spaces/{space.repo_id}/settings", said)
    return _confirmation(instance, request, caller, space, chosen)


@router.post("/spaces/{owner}/{name}/settings/hardware")
def send_hardware(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """What the Hub refuses comes back as its own sentence."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
    chosen = form.given(*_FIELDS)
    try:
        settings.update(instance, caller, owner, name, forms.parsed(SettingsUpdate, chosen))
    except errors.SpaceportError as error:
        return _confirmation(instance, request, caller, space, chosen, refused=error)
    said = Flash("good", "The Hub has taken the change.", "The app starts again where that needs it.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/settings", said)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _confirmation(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    chosen: dict[str, str],
    *,
    refused: errors.SpaceportError | None = None,
) -> Response:
    try:
        wanted = forms.parsed(SettingsUpdate, chosen)
        priced = wanted.hardware is not None or wanted.replicas is not None
        forecast = dry_runs.of_change(instance, caller, space.owner, space.name, wanted) if priced else None
    except errors.SpaceportError as error:
        return flash.redirect(request, f"/spaces/{space.repo_id}/settings", flash.of(refused or error))
    return render.page(
        request,
        "space_hardware.html",
        refused=refused,
        chosen=chosen,
        forecast=forecast,
        **space_frame.context(caller, space, "settings"),
    )
