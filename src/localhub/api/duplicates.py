"""A Space copied to another name: its files and its variables, but neither its secrets nor its history."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import bodies, context, repos
from localhub.git import read, write
from localhub.spaces import readme
from localhub.spaces.model import Space


async def duplicate(request: Request) -> Response:
    source, hub, who = context.readable(request), context.hub(request), context.user(request)
    facts = await context.checked(request, bodies.Duplicate)
    namespace, _, name = facts["repository"].rpartition("/")
    facts.setdefault("visibility", source.visibility if facts.get("private") is None else None)
    space = repos.planned(request, namespace or who.name, name, source.sdk, facts)
    space.variables = source.variables | space.variables
    with hub.store.coming(space):
        async with hub.changing(source):
            space.head = await _copy(request, source, space)
        await hub.runner.add(space)
    hub.webhooks.emit(space, "create", "repo")
    await hub.moved(space, "refs/heads/main", None, space.head)
    return JSONResponse({"url": f"{context.base(request)}/spaces/{space.repo_id}"})


async def _copy(request: Request, source: Space, space: Space) -> str:
    workshop = context.hub(request).runner.workshop
    before, after = workshop.repository(source), workshop.repository(space)
    text = await asyncio.to_thread(read.text, before, source.head, "README.md")
    change = write.Change(f"Duplicate from {source.repo_id}", author=context.user(request).name)
    if text is not None:
        change.files.append(write.File("README.md", readme.with_origin(text, source.repo_id).encode()))
    return await asyncio.to_thread(write.duplicate, before, after, source.head, change)


ROUTES = [Route("/api/spaces/{owner}/{name}/duplicate", duplicate, methods=["POST"])]
