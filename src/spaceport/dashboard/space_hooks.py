"""The hooks of one space: set up with what to do on the host, given a new secret, deleted.

A secret is on the page that answers the form which made it, and nowhere else: not in a cookie, not in an address. So
these two forms alone end in a page and not in a redirect.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, space_frame, space_pushes, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space
from spaceport.webhooks import deliveries, hooks, setting_up
from spaceport.webhooks.model import Hook, HookCreate, SecretRotation
from spaceport.webhooks.setting_up import Issued

router = APIRouter(prefix="/spaces/{owner}/{name}/pushes/hooks")

HookId = Annotated[str, Path(pattern=r"^hook_[0-9a-z]{26}$")]


@router.post("")
def send_hook(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """Set up by hand with the steps that follow, or by ourselves with a token of the host, which is not kept."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
    try:
        wanted = forms.parsed(HookCreate, form.given("provider", "secret", "host_token"))
        issued = setting_up.create(instance, caller, owner, name, wanted, str(request.base_url))
    except (errors.Invalid, errors.Conflict, errors.UpstreamFailed) as error:
        return space_pushes.page(
            instance,
            request,
            caller,
            space,
            values=form.given("provider"),
            refused=error,
        )
    if wanted.host_token is not None:
        said = Flash(
            "good", "The hook is installed on the host.", "Its first call verifies it; push, or test it there."
        )
        return flash.redirect(request, f"/spaces/{space.repo_id}/pushes", said)
    return _issued(request, caller, space, issued)


@router.get("/{hook_id}")
def hook_page(instance: RunningInstance, request: Request, owner: Owner, name: Name, hook_id: HookId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        hook = _hook(session, space, hook_id)
        last = deliveries.last(session, [hook.id]).get(hook.id)
    url = setting_up.url(instance, str(request.base_url), hook)
    return _page(request, "space_hook.html", caller, space, issued=Issued(hook, url, None), last=last)


@router.post("/{hook_id}/rotate")
def send_rotation(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, hook_id: HookId, form: Sent
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        _hook(session, space, hook_id)
        own = forms.parsed(SecretRotation, form.given("secret")).secret
        issued = setting_up.rotate(session, instance, caller, hook_id, own, str(request.base_url))
    if own is not None:
        said = Flash("good", "The hook has the secret that the host made.", "Its next call verifies it.")
        return flash.redirect(request, f"/spaces/{space.repo_id}/pushes/hooks/{hook_id}", said)
    return _issued(request, caller, space, issued, rotated=True)


@router.get("/{hook_id}/delete")
def deletion_page(instance: RunningInstance, request: Request, owner: Owner, name: Name, hook_id: HookId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        hook = _hook(session, space, hook_id)
    return _page(request, "space_hook_delete.html", caller, space, hook=hook)


@router.post("/{hook_id}/delete", dependencies=OWN_FORM)
def send_deletion(instance: RunningInstance, request: Request, owner: Owner, name: Name, hook_id: HookId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        hooks.delete(session, caller, _hook(session, space, hook_id))
    said = Flash("good", "The hook is deleted: its calls are refused from now on.", "Take it away on the host too.")
    return flash.redirect(request, f"/spaces/{space.repo_id}/pushes", said)


def _hook(session: Session, space: Space, hook_id: str) -> Hook:
    """Raises NotFound for one that does not serve this space, whatever else it serves."""
    found = next((hook for hook in hooks.of_space(session, space) if hook.id == hook_id), None)
    if found is None:
        raise errors.NotFound("This space has no such hook.", code="hook_not_found")
    return found


def _issued(request: Request, caller: Caller, space: Space, issued: Issued, *, rotated: bool = False) -> Response:
    return _page(request, "space_hook_issued.html", caller, space, issued=issued, rotated=rotated)


def _page(request: Request, template: str, caller: Caller, space: Space, **context: Any) -> Response:
    framed = space_frame.context(caller, space, "pushes")
    return render.page(request, template, part="", **framed, **context)
