"""What is settled about one space: its source, its health check, and whether it deploys by itself."""

from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, space_frame, visitor
from spaceport.dashboard.failures import status_of
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.spaces import commands, queries
from spaceport.spaces.model import Space, SpaceUpdate

router = APIRouter()


@router.get("/spaces/{owner}/{name}/settings")
def settings_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
    source = space.source or {}
    values = {key: str(source.get(key) or "") for key in ("kind", "url", "ref", "folder")}
    values |= {"health_path": space.health_rule.path, "auto_deploy": "yes" if space.auto_deploy else ""}
    return _page(request, caller, space, values)


@router.post("/spaces/{owner}/{name}/settings")
def send_settings(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    values = form.given("url", "ref", "folder", "health_path", "auto_deploy")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        health = space.health_rule.model_dump(mode="json") | {"path": values.get("health_path", "/")}
        wanted: dict[str, Any] = {"health": health, "auto_deploy": "auto_deploy" in values}
        if "url" in values:
            git = {"kind": "git", "url": values["url"], "ref": values.get("ref"), "folder": values.get("folder", "")}
            wanted["source"] = git
        if token := form.text("source_token"):
            wanted["source_token"] = token
        try:
            commands.change(session, instance, caller, space, forms.parsed(SpaceUpdate, wanted))
        except errors.Invalid as error:
            session.rollback()
            return _page(request, caller, space, values, status=status_of(error), said=flash.of(error))
    return flash.redirect(request, f"/spaces/{space.repo_id}", Flash("good", "The settings are saved."))


def _page(request: Request, caller: Caller, space: Space, values: dict[str, str], **context: Any) -> Response:
    framed = space_frame.context(caller, space, "settings")
    return render.page(request, "space_settings.html", values=values, **framed, **context)
