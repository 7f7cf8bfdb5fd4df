"""Repositories come and go: create, delete, move, settings."""

import asyncio
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localhub import clock, errors, hardware
from localhub.accounts import stable_id
from localhub.api import bodies, context
from localhub.errors import HubError
from localhub.git import write
from localhub.hub import Hub
from localhub.runner import volumes
from localhub.spaces import readme
from localhub.spaces.model import Space

NAME = re.compile(r"^(?!.*(--|\.\.))(?!.*\.git$)[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$", re.ASCII)
GIT_ATTRIBUTES = b"*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


async def create(request: Request) -> Response:
    facts, hub = await context.checked(request, bodies.NewRepository), context.hub(request)
    namespace = facts.get("organization") or context.user(request).name
    if facts.get("type", "model") != "space":
        raise HubError(400, "localhub holds Spaces only")
    for key in ("files", "template"):
        if facts.get(key):
            raise HubError(400, f'localhub does not take "{key}" at creation')
    space = planned(request, namespace, facts["name"], facts.get("sdk") or "", facts)
    with hub.store.coming(space):
        await _begin(hub, space, context.caller(request).name)
    return JSONResponse(
        {"url": f"{context.base(request)}/spaces/{space.repo_id}", "name": space.repo_id, "id": space.id}
    )


def planned(request: Request, namespace: str, name: str, sdk: str, facts: dict[str, Any]) -> Space:
    """A new Space that is not kept yet. Raises 400, 402, 403 and 409 when it may not come to be."""
    context.may_write_to(request, namespace)
    if not NAME.match(name):
        raise HubError(400, f'"name" is not a valid repository name: {name}')
    _refuse_taken(request, namespace, name)
    space = Space(
        id=secrets.token_hex(12),
        owner=namespace,
        name=name,
        sdk=sdk,
        visibility=_visibility(facts),
        created_at=clock.now(),
        creator=stable_id(context.caller(request).name),
    )
    _configure(space, facts)
    _refuse_unpaid(context.hub(request), space)
    return space


async def delete(request: Request) -> Response:
    space = await _named(request)
    hub = context.hub(request)
    async with hub.changing(space):
        space.stage = "DELETING"
        hub.store.remove(space)
        hub.webhooks.emit(space, "delete", "repo")
        await hub.runner.remove(space)
    return PlainTextResponse("OK")


async def move(request: Request) -> Response:
    facts, hub = await context.checked(request, bodies.Move), context.hub(request)
    source, target = facts["fromRepo"], facts["toRepo"]
    space = _held(request, source)
    namespace, _, name = target.partition("/")
    context.may_write_to(request, namespace)
    if not NAME.match(name):
        raise HubError(400, f"Invalid repository name: {target}")
    _refuse_taken(request, namespace, name)
    hub.store.rename(space, namespace, name)
    moved = {"movedTo": {"name": target, "owner": {"id": stable_id(namespace)}}}
    hub.webhooks.emit(space, "move", "repo", **moved)
    return PlainTextResponse("OK")


async def settings(request: Request) -> Response:
    facts, space = await context.checked(request, bodies.RepositorySettings), context.writable(request)
    hub = context.hub(request)
    if "private" in facts or "visibility" in facts:
        _refuse_unpaid_visibility(hub, space.owner, _visibility(facts))
        space.visibility = _visibility(facts)
    hub.store.save(space)
    hub.webhooks.emit(space, "update", "repo.config", updatedConfig={"private": space.private})
    return JSONResponse({"visibility": space.visibility, "private": space.private, "gated": False})


async def _begin(hub: Hub, space: Space, author: str) -> None:
    repository = hub.runner.workshop.repository(space)
    text = readme.template(space.name, space.sdk).encode()
    files = [write.File(".gitattributes", GIT_ATTRIBUTES), write.File("README.md", text)]
    change = write.Change("initial commit", author=author, files=files)
    await asyncio.to_thread(write.create, repository)
    space.head = await asyncio.to_thread(write.commit, repository, "refs/heads/main", "", change)
    await hub.runner.add(space)
    await hub.take_tip(space, space.head)
    if space.sdk == "static":
        hub.runner.of(space).deploy()
    hub.webhooks.emit(space, "create", "repo")


def _configure(space: Space, facts: dict[str, Any]) -> None:
    if space.sdk not in readme.SDKS:
        raise HubError(400, '"sdk" must be one of [gradio, docker, static]')
    space.hardware = facts.get("hardware") or "cpu-basic"
    if problem := hardware.problem(space.hardware, space.sdk):
        raise HubError(400, problem)
    space.sleep_time = facts.get("sleepTimeSeconds")
    space.volumes = facts.get("volumes") or []
    if problem := volumes.problem(space.volumes):
        raise HubError(400, problem)
    for entries, given in ((space.secrets, facts.get("secrets")), (space.variables, facts.get("variables"))):
        for entry in given or []:
            entries[entry["key"]] = {
                "key": entry["key"],
                "value": entry.get("value", ""),
                "description": entry.get("description"),
                "updatedAt": clock.now(),
            }


def _refuse_unpaid(hub: Hub, space: Space) -> None:
    if hub.accounts.can_pay(space.owner):
        return
    if space.sdk != "static":
        raise HubError(402, "A PRO subscription is required to create a Gradio or Docker Space")
    _refuse_unpaid_visibility(hub, space.owner, space.visibility)


def _refuse_unpaid_visibility(hub: Hub, owner: str, visibility: str) -> None:
    if visibility == "protected" and not hub.accounts.can_pay(owner):
        raise HubError(402, "A PRO subscription is required for protected Spaces")


def _refuse_taken(request: Request, namespace: str, name: str) -> None:
    repo_id = f"{namespace}/{name}"
    store = context.hub(request).store
    if store.taken(repo_id):
        known = store.find(repo_id)
        url = f"{context.base(request)}/spaces/{known.repo_id if known else repo_id}"
        raise HubError(409, "You already created this space repo", url=url)


def _visibility(facts: dict[str, Any]) -> str:
    return str(facts.get("visibility") or ("private" if facts.get("private") else "public"))


async def _named(request: Request) -> Space:
    facts = await context.checked(request, bodies.Repository)
    namespace = facts.get("organization") or context.user(request).name
    return _held(request, f"{namespace}/{facts['name']}")


def _held(request: Request, repo_id: str) -> Space:
    """A Space named in a body instead of the path."""
    owner, _, name = repo_id.partition("/")
    request.path_params.update(owner=owner, name=name)
    context.user(request)
    space = context.hub(request).store.find(repo_id)
    if space is None:
        raise errors.repository_missing()
    return context.writable(request)


ROUTES = [
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/repos/delete", delete, methods=["DELETE"]),
    Route("/api/repos/move", move, methods=["POST"]),
    Route("/api/spaces/{owner}/{name}/settings", settings, methods=["PUT"]),
]
