"""For tests: the call log, scripted faults, a look that costs nothing. Mounted only when asked for."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import errors
from localhub.api import context, present
from localhub.errors import HubError


async def calls(request: Request) -> Response:
    store, query = context.hub(request).store, request.query_params
    if request.method == "DELETE":
        store.clear_calls()
        return JSONResponse({})
    found = [
        call
        for call in store.calls(after=context.number(request, "after", 0))
        if query.get("method", call["method"]) == call["method"]
        and query.get("path", "") in call["path"]
        and call["at"] >= query.get("since", "")
        and query.get("user", call["user"]) == call["user"]
    ]
    return JSONResponse(found)


async def runtime(request: Request) -> Response:
    """As the API shows it, but neither counted nor logged."""
    hub, params = context.hub(request), request.path_params
    space = hub.store.find(f"{params['owner']}/{params['name']}")
    if space is None:
        raise errors.repository_missing()
    return JSONResponse(present.runtime(hub, space))


async def domain(request: Request) -> Response:
    """A custom domain in one stage or another, which on the Hub is a matter of its settings page and of DNS."""
    hub, params = context.hub(request), request.path_params
    space = hub.store.find(f"{params['owner']}/{params['name']}")
    if space is None:
        raise errors.repository_missing()
    facts = await context.document(request)
    name = context.text(facts, "domain")
    others = [each for each in space.domains if each["domain"] != name]
    space.domains = [*others, {"domain": name, "isCustom": True, "stage": context.text(facts, "stage")}]
    hub.store.save(space)
    return JSONResponse(space.domains)


async def faults(request: Request) -> Response:
    hub = context.hub(request)
    if request.method == "DELETE":
        hub.faults.clear()
    elif request.method == "POST":
        facts = await context.document(request)
        space = hub.store.find(facts.get("space") or "")
        if facts.get("stuck_stage") and space:
            facts.setdefault("stuck_sha", space.served)
        try:
            hub.faults.add(facts)
        except (TypeError, ValueError, re.error) as error:
            raise HubError(400, f"Invalid fault: {error}") from error
    return JSONResponse(hub.faults.listing())


ROUTES = [
    Route("/_localhub/calls", calls, methods=["GET", "DELETE"]),
    Route("/_localhub/runtime/{owner}/{name}", runtime),
    Route("/_localhub/domains/{owner}/{name}", domain, methods=["PUT"]),
    Route("/_localhub/faults", faults, methods=["GET", "POST", "DELETE"]),
]
