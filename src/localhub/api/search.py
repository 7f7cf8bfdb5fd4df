"""Finding Spaces: by words, and everything of one owner with what it takes up."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import context, info, present
from localhub.errors import HubError
from localhub.git import read
from localhub.hub import Hub
from localhub.spaces.model import SERVING, Space


async def by_words(request: Request) -> Response:
    """What the Hub finds by meaning, found here by the words themselves: the more of them, the better."""
    query = request.query_params
    words = query.get("q", "").lower().split()
    if not words:
        raise HubError(400, '"q" is required')
    wanted, anything = set(query.getlist("sdk")), query.get("includeNonRunning", "").lower() == "true"
    scored = [
        (sum(word in _text(space) for word in words) / len(words), space)
        for space in info.matching(request)
        if (not wanted or space.sdk in wanted) and (anything or space.stage in SERVING)
    ]
    found = sorted((pair for pair in scored if pair[0]), key=lambda pair: pair[0], reverse=True)
    return JSONResponse([_found(context.hub(request), space, score) for score, space in found])


async def repositories(request: Request) -> Response:
    hub, who = context.hub(request), context.user(request)
    owner, query = request.path_params.get("org", who.name), request.query_params
    if not hub.accounts.is_member(who, owner):
        raise HubError(403, f'You are not a member of "{owner}"')
    owned = [space for space in hub.store if space.owner == owner]
    sizes = {space.id: await asyncio.to_thread(_size, hub, space) for space in owned}
    total = sum(sizes.values()) or 1
    found = [space for space in owned if query.get("search", "").lower() in space.repo_id.lower()]
    shown = [_storage(space, sizes[space.id], total) for space in found if query.get("type", "space") == "space"]
    key = "storage" if query.get("sort") == "storage" else "updatedAt"
    shown.sort(key=lambda item: item[key], reverse=query.get("direction") != "asc")
    return JSONResponse(shown[: context.number(request, "limit", len(shown))])


async def zero_gpu_quota(request: Request) -> Response:
    """There is no ZeroGPU on this machine, so nobody has any of it left."""
    context.user(request)
    return JSONResponse({"base": 0, "current": 0, "resetsAt": None})


def _text(space: Space) -> str:
    told = (space.card.get(key, "") for key in ("title", "short_description"))
    return " ".join([space.repo_id, *map(str, told)]).lower()


def _found(hub: Hub, space: Space, score: float) -> dict[str, Any]:
    shown = present.listed(hub, space)
    return shown | {
        "title": str(space.card.get("title", space.name)),
        "emoji": str(space.card.get("emoji", "")),
        "runtime": present.runtime(hub, space),
        "ai_short_description": str(space.card.get("short_description", "")),
        "ai_category": "",
        "semanticRelevancyScore": score,
    }


def _size(hub: Hub, space: Space) -> int:
    return sum(entry.size for entry in read.tree(hub.runner.workshop.repository(space), space.head))


def _storage(space: Space, size: int, total: int) -> dict[str, Any]:
    return {
        "id": space.repo_id,
        "type": "space",
        "updatedAt": space.last_modified,
        "visibility": space.visibility,
        "storage": size,
        "storagePercent": 100 * size / total,
    }


ROUTES = [
    Route("/api/spaces/semantic-search", by_words),
    Route("/api/spaces/zero-gpu/quota", zero_gpu_quota),
    Route("/api/settings/repositories", repositories),
    Route("/api/organizations/{org}/settings/repositories", repositories),
]
