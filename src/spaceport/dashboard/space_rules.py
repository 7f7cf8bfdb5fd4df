"""When a push deploys one space, and what holds its deployments back: a form for the rules, another for the lock."""

from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport import clock, errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Form
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.instance import Instance
from spaceport.spaces import commands, deploy_rules
from spaceport.spaces import queries as spaces
from spaceport.spaces.deploy_rules import Lock, Rules
from spaceport.spaces.model import Space, SpaceUpdate

router = APIRouter(prefix="/spaces/{owner}/{name}/pushes")

_LISTS = ("branches", "tags", "paths")
_SWITCHES = ("auto_deploy", "skip_tokens", "approval")
_WINDOW = ("cron", "duration_minutes", "timezone", "reason")
_MOST_WINDOWS = 20


@router.get("/rules")
def rules_page(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
    return _page(instance, request, caller, space)


@router.post("/rules")
def send_rules(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """All of them but the lock, which has a form of its own, and stays what it is."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
    try:
        wanted = forms.parsed(Rules, _rules(form))
    except errors.Invalid as error:
        return _page(instance, request, caller, space, values=_typed(form), refused=error)
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        wanted.lock = deploy_rules.of(session, space).lock
        deploy_rules.change(session, caller, space, wanted)
        if (auto_deploy := bool(form.text("auto_deploy"))) != space.auto_deploy:
            commands.change(session, instance, caller, space, forms.parsed(SpaceUpdate, {"auto_deploy": auto_deploy}))
    said = Flash("good", "The rules are saved.", "They hold for the next push; what is queued already goes on.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/pushes/rules", said)


@router.post("/lock")
def send_lock(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
    try:
        lock = _lock(form)
    except errors.Invalid as error:
        typed = {"lock_reason": form.text("lock_reason"), "lock_until": form.text("lock_until")}
        return _page(instance, request, caller, space, values=typed, refused=error)
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        rules = deploy_rules.of(session, space).model_copy(update={"lock": lock})
        deploy_rules.change(session, caller, space, rules)
    said = Flash("good", f"{space.repo_id} is locked.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/pushes/rules", said)


@router.post("/unlock", dependencies=OWN_FORM)
def send_unlock(instance: RunningInstance, request: Request, owner: Owner, name: Name) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        rules = deploy_rules.of(session, space).model_copy(update={"lock": None})
        deploy_rules.change(session, caller, space, rules)
    said = Flash(
        "good", f"{space.repo_id} is unlocked.", "Pushes that came meanwhile are caught up with, or deploy now."
    )
    return flash.redirect(request, f"/spaces/{space.repo_id}", said)


def _page(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    *,
    values: dict[str, Any] | None = None,
    refused: errors.Invalid | None = None,
) -> Response:
    """`values` is what was typed, over what is stored."""
    with instance.database.unit_of_work() as session:
        stored = _stored(space, deploy_rules.of(session, space))
        held = space_frame.held_back(session, space)
    return render.page(
        request,
        "space_rules.html",
        refused=refused,
        part="rules",
        values=stored | (values or {}),
        most_windows=_MOST_WINDOWS,
        own_branch=(space.source or {}).get("ref") or "the repository's default branch",
        folder=(space.source or {}).get("folder") or "",
        **held,
        **space_frame.context(caller, space, "pushes"),
    )


def _stored(space: Space, rules: Rules) -> dict[str, Any]:
    follows = "own" if rules.branches is None else "these" if rules.branches else "none"
    lists = {name: "\n".join(getattr(rules, name) or ()) for name in _LISTS}
    switches = {"auto_deploy": space.auto_deploy, "skip_tokens": rules.skip_tokens, "approval": rules.approval}
    windows = [window.model_dump() for window in rules.freeze_windows]
    return {"follows": follows, "windows": windows, "lock_reason": "", "lock_until": ""} | lists | switches


def _typed(form: Form) -> dict[str, Any]:
    lists = {name: form.text(name) for name in _LISTS}
    switches = {name: bool(form.text(name)) for name in _SWITCHES}
    return {"follows": form.text("follows"), "windows": _windows(form)} | lists | switches


def _rules(form: Form) -> dict[str, Any]:
    lists: dict[str, Any] = {
        name: [line.strip() for line in form.text(name).splitlines() if line.strip()] for name in _LISTS
    }
    if form.text("follows") != "these":
        lists["branches"] = [] if form.text("follows") == "none" else None
    elif not lists["branches"]:
        raise errors.Invalid(
            "Branches: name at least one pattern.", code="form_invalid", fix="Or choose another answer."
        )
    switches = {name: bool(form.text(name)) for name in _SWITCHES if name != "auto_deploy"}
    windows = [{key: value for key, value in window.items() if value} for window in _windows(form)]
    return {**lists, **switches, "freeze_windows": windows}


def _windows(form: Form) -> list[dict[str, str]]:
    """The rows that say when; one whose time was emptied is gone."""
    rows = [{key: form.text(f"{key}_{i}") for key in _WINDOW} for i in range(_MOST_WINDOWS)]
    return [row for row in rows if row["cron"]]


def _lock(form: Form) -> Lock:
    until = form.text("lock_until")
    lock = forms.parsed(Lock, {"reason": form.text("lock_reason"), "expires_at": f"{until}Z" if until else None})
    if not lock.holds(clock.now()):
        raise errors.Invalid("The end of the lock has passed already.", code="form_invalid", fix="It is in UTC.")
    return lock
