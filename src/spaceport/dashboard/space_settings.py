"""What is settled about one space, section by section; here its source, its health check and deploying by itself."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.costs import prices
from spaceport.costs import queries as costs
from spaceport.costs.model import HardwareTier
from spaceport.dashboard import flash, forms, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import queries as deployments
from spaceport.hub import HubFailure
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime.model import Observation
from spaceport.spaces import commands, queries, settings
from spaceport.spaces.model import Space, SpaceUpdate, Visibility

router = APIRouter()


@router.get("/spaces/{owner}/{name}/settings")
def settings_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name)
    return page(instance, request, caller, space)


@router.post("/spaces/{owner}/{name}/settings")
def send_settings(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    typed = form.given("url", "ref", "folder", "health_path", "auto_deploy")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
    health = space.health_rule.model_dump(mode="json") | {"path": typed.get("health_path", "/")}
    wanted: dict[str, Any] = {"health": health, "auto_deploy": "auto_deploy" in typed}
    if "url" in typed:
        git = {"kind": "git", "url": typed["url"], "ref": typed.get("ref"), "folder": typed.get("folder", "")}
        wanted["source"] = git
    if token := form.text("source_token"):
        wanted["source_token"] = token
    try:
        with instance.database.unit_of_work() as session:
            present = queries.get(session, caller, owner, name, needs=Role.ADMIN)
            commands.change(session, instance, caller, present, forms.parsed(SpaceUpdate, wanted))
    except errors.Invalid as error:
        return page(instance, request, caller, space, refused=error, typed={"auto_deploy": ""} | typed)
    return flash.redirect(request, f"/spaces/{space.repo_id}", Flash("good", "The settings are saved."))


def page(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    *,
    refused: errors.SpaceportError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """`typed` is what was sent with the form that was refused, and is shown in it again."""
    tiers = offered(instance, space)
    with instance.database.unit_of_work() as session:
        context = _context(session, space)
    return render.page(
        request,
        "space_settings.html",
        refused=refused,
        values=_values(space) | (typed or {}),
        tiers=tiers,
        visibilities=Visibility,
        **context,
        **space_frame.context(caller, space, "settings"),
    )


def offered(instance: Instance, space: Space) -> list[HardwareTier]:
    """The hardware with its prices; [] when the Hub has never told them."""
    with instance.database.unit_of_work() as session:
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    with suppress(HubFailure):
        return prices.at_once(instance.database, hub)
    return []


def _values(space: Space) -> dict[str, str]:
    source = space.source or {}
    values = {key: str(source.get(key) or "") for key in ("url", "ref", "folder")}
    values |= {"health_path": space.health_rule.path, "auto_deploy": "yes" if space.auto_deploy else ""}
    values |= {"move_owner": space.owner, "move_name": space.name, "visibility": space.visibility.value}
    return values | {"copy_owner": space.owner, "copy_name": f"{space.name}-copy", "copy_hardware": ""}


def _context(session: Session, space: Space) -> dict[str, Any]:
    seen = session.get(Observation, space.id)
    return {
        "settled": settings.public(session, space),
        "cost": costs.of_space(session, space),
        "domains": deployments.runtime(session, space, seen).domains if seen else [],
    }
