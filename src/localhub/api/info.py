"""What a Space is, and which there are."""

import asyncio
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import errors, hardware
from localhub.api import context, present
from localhub.git import read
from localhub.spaces.model import Space

PAGE = 1000
SORTS = {"createdAt": "created_at", "created_at": "created_at", "lastModified": "last_modified"}


async def info(request: Request) -> Response:
    hub, space = context.hub(request), context.readable(request)
    repository, query = hub.runner.workshop.repository(space), request.query_params
    revision = "/".join(context.rest(request, "revision")) if "revision" in request.path_params else ""
    commit = await asyncio.to_thread(read.resolve, repository, revision) if revision else space.head
    if commit is None:
        raise errors.revision_missing(revision)
    wanted = query.getlist("expand") + query.getlist("expand[]")
    shown = present.expanded(hub, space, wanted) if wanted else present.info(hub, space)
    if not wanted or "siblings" in wanted:
        entries = await asyncio.to_thread(read.tree, repository, commit)
        shown["siblings"] = present.siblings(entries, blobs=query.get("blobs", "").lower() in {"true", "1"})
    if "sha" in shown:
        shown["sha"] = commit
    return JSONResponse(shown)


async def listing(request: Request) -> Response:
    hub, query = context.hub(request), request.query_params
    wanted = query.getlist("expand") + query.getlist("expand[]")
    limit = min(context.number(request, "limit", PAGE), PAGE)
    offset = context.number(request, "cursor", 0)
    spaces = matching(request)
    page = spaces[offset : offset + limit]
    body = present.listing(hub, page, tuple(wanted), full=bool(query.get("full")))
    headers = {}
    if offset + limit < len(spaces):
        pairs = [(key, value) for key, value in query.multi_items() if key != "cursor"]
        following = urlencode([*pairs, ("cursor", str(offset + limit))])
        headers["Link"] = f'<{context.base(request)}/api/spaces?{following}>; rel="next"'
    return Response(body, media_type="application/json", headers=headers)


def matching(request: Request) -> list[Space]:
    """The Spaces a caller may see that are asked for with `author`, `search` and `filter`, in the order of `sort`."""
    hub, who, query = context.hub(request), context.caller(request), request.query_params
    author, search = query.get("author", ""), query.get("search", "").lower()
    filters = set(query.getlist("filter"))
    found = [
        space
        for space in hub.store
        if (not author or space.owner == author)
        and search in space.repo_id.lower()
        and filters <= {space.sdk, *map(str, space.card.get("tags", []))}
        and (not space.private or hub.accounts.is_member(who, space.owner))
    ]
    order = SORTS.get(query.get("sort", ""), "last_modified")
    return sorted(found, key=lambda space: (getattr(space, order), space.id), reverse=True)


async def by_subdomain(request: Request) -> Response:
    hub, who = context.hub(request), context.caller(request)
    for space in hub.store:
        seen = not space.private or hub.accounts.is_member(who, space.owner)
        if seen and space.subdomain == request.path_params["subdomain"]:
            return JSONResponse({"host": f"http://{hub.config.host}:{space.port}", **present.info(hub, space)})
    raise errors.repository_missing()


async def list_hardware(_request: Request) -> Response:
    return JSONResponse(hardware.listing())


async def templates(_request: Request) -> Response:
    return JSONResponse({"templates": []})


ROUTES = [
    Route("/api/spaces", listing),
    Route("/api/spaces/hardware", list_hardware),
    Route("/api/spaces/templates", templates),
    Route("/api/spaces/by-subdomain/{subdomain}", by_subdomain),
    Route("/api/spaces/{owner}/{name}", info),
    Route("/api/spaces/{owner}/{name}/revision/{revision:path}", info),
]
