"""Branches and tags: made, deleted, squashed."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import errors
from localhub.api import bodies, context
from localhub.errors import HubError
from localhub.git import read, write
from localhub.git.run import GitError
from localhub.hub import Hub
from localhub.spaces.model import Space


async def branch(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    ref = branch_named(request, "branch")
    if request.method == "DELETE":
        return await _drop(hub, space, ref)
    facts = await context.checked(request, bodies.Branch)
    if facts.get("emptyBranch"):
        raise HubError(400, "localhub does not take emptyBranch: a branch begins at a commit")
    return await _begin(hub, space, ref, facts.get("startingPoint") or "main", overwrite=bool(facts.get("overwrite")))


async def tag(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    name = "/".join(context.rest(request, "tag"))
    if request.method == "DELETE":
        return await _drop(hub, space, f"refs/tags/{name}")
    ref = f"refs/tags/{(await context.checked(request, bodies.Tag))['tag']}"
    return await _begin(hub, space, ref, name, overwrite=False)


async def super_squash(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    repository, ref = hub.runner.workshop.repository(space), branch_named(request, "super-squash")
    facts = await context.checked(request, bodies.Squash)
    async with hub.changing(space):
        before = await tip(hub, space, ref)
        title = str(facts.get("message") or "Super-squash branch 'main' using huggingface_hub")
        oid = await asyncio.to_thread(write.squash, repository, ref, before, title, context.caller(request).name)
        await hub.moved(space, ref, before, oid)
    return JSONResponse({"commitId": oid})


def branch_named(request: Request, marker: str) -> str:
    """The full name of the branch in the path. Raises HubError for a ref that is no branch."""
    name = "/".join(context.rest(request, marker))
    ref = name if name.startswith("refs/") else f"refs/heads/{name}"
    if not ref.startswith("refs/heads/"):
        raise errors.revision_missing(name)
    return ref


async def tip(hub: Hub, space: Space, ref: str) -> str:
    """The commit at the end of a branch. Raises HubError when there is no such branch."""
    if ref == "refs/heads/main":
        return space.head
    commit = await asyncio.to_thread(read.resolve, hub.runner.workshop.repository(space), ref)
    if commit is None:
        raise errors.revision_missing(ref.removeprefix("refs/heads/"))
    return commit


async def _begin(hub: Hub, space: Space, ref: str, start: str, *, overwrite: bool) -> Response:
    """A branch or a tag at the revision `start`."""
    repository = hub.runner.workshop.repository(space)
    async with hub.changing(space):
        known, target = [await asyncio.to_thread(read.resolve, repository, name) for name in (ref, start)]
        if known and not overwrite:
            kind = "Tag reference" if ref.startswith("refs/tags/") else "Reference"
            raise HubError(409, f"{kind} {ref} already exists")
        if target is None:
            raise errors.revision_missing(start)
        try:
            await asyncio.to_thread(write.update_ref, repository, ref, target)
        except (GitError, ValueError) as error:
            raise HubError(400, f"Invalid reference name: {ref}") from error
        await hub.moved(space, ref, known, target)
    return JSONResponse({})


async def _drop(hub: Hub, space: Space, ref: str) -> Response:
    repository = hub.runner.workshop.repository(space)
    async with hub.changing(space):
        known = await asyncio.to_thread(read.resolve, repository, ref)
        if known is None:
            raise errors.revision_missing(ref)
        if ref == "refs/heads/main":
            raise HubError(403, "Cannot delete the main branch")
        await asyncio.to_thread(write.delete_ref, repository, ref)
        await hub.moved(space, ref, known, None)
    return JSONResponse({})


_SPACE = "/api/spaces/{owner}/{name}"
ROUTES = [
    Route(f"{_SPACE}/branch/{{rest:path}}", branch, methods=["POST", "DELETE"]),
    Route(f"{_SPACE}/tag/{{rest:path}}", tag, methods=["POST", "DELETE"]),
    Route(f"{_SPACE}/super-squash/{{rest:path}}", super_squash, methods=["POST"]),
]
