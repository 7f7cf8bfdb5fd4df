"""Incoming hooks: what a Git host calls when somebody pushes."""

from fastapi import APIRouter, Request, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.api.webhooks import HookId
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.webhooks import hooks, installing, steps
from spaceport.webhooks.model import Hook, HookCreate, HookIssued, HookPublic, SecretRotation

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
    wanted = wanted or HookCreate()
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        provider = hooks.provider_of(space, wanted.provider)
        hook, secret = hooks.create(session, instance, caller, space, provider, wanted.secret)
    url = _url(instance, request, hook)
    if wanted.host_token is not None:
        host_id = installing.install(
            instance.egress,
            provider,
            hooks.source_url(space),
            hook_url=url,
            secret=instance.sealer.open(hook.sealed_secret, context=hook.secret_context),
            token=wanted.host_token,
        )
        with instance.database.unit_of_work() as session:
            hook = hooks.installed(session, caller, hook.id, host_id)
    response.status_code = 201 if secret is not None else 200
    response.headers["Location"] = f"/api/v1/hooks/{hook.id}"
    return _issued(hook, url, secret, response)


@router.get("/spaces/{owner}/{name}/hooks")
def list_hooks(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, request: Request
) -> list[HookPublic]:
    """The hooks that serve this space."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return [_public(hook, _url(instance, request, hook)) for hook in hooks.of_space(session, space)]


@router.get("/hooks/{hook_id}")
def read_hook(instance: RunningInstance, claims: SignedIn, hook_id: HookId, request: Request) -> HookPublic:
    with instance.database.unit_of_work() as session:
        hook = hooks.get(session, accounts.caller(session, claims), hook_id)
        return _public(hook, _url(instance, request, hook))


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
        hook = hooks.get(session, caller, hook_id, needs=Role.ADMIN)
        secret = hooks.rotate(session, instance, caller, hook, wanted.secret if wanted else None)
    return _issued(hook, _url(instance, request, hook), secret, response)


@router.delete("/hooks/{hook_id}", status_code=204)
def delete_hook(instance: RunningInstance, claims: SignedIn, hook_id: HookId) -> None:
    """Its calls are refused from now on; what it brought stays readable. Take it away on the host too."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        hooks.delete(session, caller, hooks.get(session, caller, hook_id, needs=Role.ADMIN))


def _url(instance: Instance, request: Request, hook: Hook) -> str:
    base = instance.settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}/webhooks/{hook.provider}/{hook.id}"


def _public(hook: Hook, url: str) -> HookPublic:
    return HookPublic.model_validate(hook, update={"url": url})


def _issued(hook: Hook, url: str, secret: str | None, response: Response) -> HookIssued:
    response.headers["Cache-Control"] = "no-store"
    todo = steps.steps(hook.provider, hook_id=hook.id, repository=hook.repository, url=url)
    return HookIssued.model_validate(hook, update={"url": url, "secret": secret, "steps": todo})
