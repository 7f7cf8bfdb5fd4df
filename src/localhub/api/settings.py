"""Secrets and variables."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import clock
from localhub.api import bodies, context

Entries = dict[str, dict[str, Any]]


async def secrets(request: Request) -> Response:
    space = context.writable(request)
    if request.method == "GET":
        return JSONResponse(_shown(space.secrets, values=False))
    if await _change(request, space.secrets):
        context.hub(request).configured(space)
    return JSONResponse({})


async def variables(request: Request) -> Response:
    space = context.readable(request) if request.method == "GET" else context.writable(request)
    if request.method != "GET" and await _change(request, space.variables):
        context.hub(request).configured(space)
    return JSONResponse(_shown(space.variables, values=True))


async def _change(request: Request, entries: Entries) -> bool:
    """Whether anything changed. Deleting an absent key is no error, and changes nothing."""
    if request.method == "DELETE":
        key = (await context.checked(request, bodies.Named))["key"]
        return entries.pop(key, None) is not None
    facts = await context.checked(request, bodies.Entry)
    key = facts["key"]
    entries[key] = {
        "key": key,
        "value": facts.get("value", ""),
        "description": facts.get("description", entries.get(key, {}).get("description")),
        "updatedAt": clock.now(),
    }
    return True


def _shown(entries: Entries, *, values: bool) -> Entries:
    return {
        key: {name: value for name, value in entry.items() if value is not None and (values or name != "value")}
        for key, entry in entries.items()
    }


_METHODS = ["GET", "POST", "DELETE"]
ROUTES = [
    Route("/api/spaces/{owner}/{name}/secrets", secrets, methods=_METHODS),
    Route("/api/spaces/{owner}/{name}/variables", variables, methods=_METHODS),
]
