"""Incoming hooks: what a Git host calls when somebody pushes."""

from fastapi import APIRouter, Request, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.api.webhooks import HookId
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.webhooks import hooks, setting_up
from spaceport.webhooks.model import Hook, HookCreate, HookIssued, HookPublic, SecretRotation
from spaceport.webhooks.setting_up import Issued

router = APIRouter(prefix="/api/v1", tags=["webhooks"])


@router.post("/spaces/{owner}/{name}/hooks", status_code=201)
def create_hook(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    request: Request,
    response: Response,
    wanted: HookCreate | None = None,
) -> HookIssued:
    """A hook for the repository of the space's source, or with 200 the one that is there: it serves every space of
    the team that takes its code from that repository. With `host_token` it is installed on the host too."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    issued = setting_up.create(instance, caller, owner, name, wanted or HookCreate(), str(request.base_url))
    response.status_code = 201 if issued.secret is not None else 200
    response.headers["Location"] = f"/api/v1/hooks/{issued.hook.id}"
    return _issued(issued, response)


@router.get("/spaces/{owner}/{name}/hooks")
def list_hooks(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, request: Request
) -> list[HookPublic]:
    """The hooks that serve this space."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return [_public(instance, request, hook) for hook in hooks.of_space(session, space)]


@router.get("/hooks/{hook_id}")
def read_hook(instance: RunningInstance, claims: SignedIn, hook_id: HookId, request: Request) -> HookPublic:
    with instance.database.unit_of_work() as session:
        hook = hooks.get(session, accounts.caller(session, claims), hook_id)
        return _public(instance, request, hook)


@router.post("/hooks/{hook_id}/secret-rotation")
def rotate_hook_secret(
    instance: RunningInstance,
    claims: SignedIn,
    hook_id: HookId,
    request: Request,
    response: Response,
    wanted: SecretRotation | None = None,
) -> HookIssued:
    """A new secret; what is signed with the old one is refused from now on."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        secret = wanted.secret if wanted else None
        issued = setting_up.rotate(session, instance, caller, hook_id, secret, str(request.base_url))
    return _issued(issued, response)


@router.delete("/hooks/{hook_id}", status_code=204)
def delete_hook(instance: RunningInstance, claims: SignedIn, hook_id: HookId) -> None:
    """Its calls are refused from now on; what it brought stays readable. Take it away on the host too."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        hooks.delete(session, caller, hooks.get(session, caller, hook_id, needs=Role.ADMIN))


def _public(instance: Instance, request: Request, hook: Hook) -> HookPublic:
    return HookPublic.model_validate(hook, update={"url": setting_up.url(instance, str(request.base_url), hook)})


def _issued(issued: Issued, response: Response) -> HookIssued:
    response.headers["Cache-Control"] = "no-store"
    told = {"url": issued.url, "secret": issued.secret, "steps": issued.steps}
    return HookIssued.model_validate(issued.hook, update=told)
