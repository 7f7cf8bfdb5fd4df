"""Large files for clients that speak git-lfs."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from localhub import errors
from localhub.api import context
from localhub.errors import HubError
from localhub.git import lfs
from localhub.git.lfs import Pointer
from localhub.spaces.model import Space

LIFETIME = 3600
"""Seconds a link to one file works."""
MOST_OBJECTS = 1000


async def batch(request: Request) -> Response:
    facts = await context.document(request)
    operation = context.text(facts, "operation")
    if operation not in {"upload", "download"}:
        raise HubError(422, '"operation" must be one of [upload, download]')
    space = context.repository(request, write=operation == "upload")
    objects = facts.get("objects")
    if not isinstance(objects, list) or len(objects) > MOST_OBJECTS:
        raise HubError(422, f'"objects" must be a list of at most {MOST_OBJECTS}')
    shown = [await asyncio.to_thread(_object, request, space, operation, _pointer(item)) for item in objects]
    answer = {"transfer": "basic", "objects": shown, "hash_algo": "sha256"}
    return JSONResponse(answer, media_type="application/vnd.git-lfs+json")


async def upload(request: Request) -> Response:
    repository, wanted = _linked(request, "upload")
    try:
        async with asyncio.timeout(LIFETIME):
            await lfs.receive(repository, wanted, request.stream())
    except (lfs.WrongContent, TimeoutError) as error:
        raise HubError(400, "The content is not the announced one") from error
    return JSONResponse({})


async def download(request: Request) -> Response:
    repository, wanted = _linked(request, "download")
    file = lfs.place(repository, wanted.oid)
    if not file.is_file():
        raise errors.entry_missing()
    return FileResponse(file, headers={"ETag": f'"{wanted.oid}"'})


async def verify(request: Request) -> Response:
    repository, wanted = _linked(request, "upload")
    if not lfs.holds(repository, wanted):
        raise errors.entry_missing("The file was not uploaded")
    return JSONResponse({})


def _object(request: Request, space: Space, operation: str, wanted: Pointer) -> dict[str, Any]:
    shown: dict[str, Any] = {"oid": wanted.oid, "size": wanted.size, "authenticated": True}
    held = lfs.holds(context.hub(request).runner.workshop.repository(space), wanted)
    if operation == "upload" and not held:
        shown["actions"] = {name: _link(request, space, wanted, "upload", name) for name in ("upload", "verify")}
    elif operation == "download" and held:
        shown["actions"] = {"download": _link(request, space, wanted, "download", "download")}
    elif operation == "download":
        shown["error"] = {"code": 404, "message": "Object does not exist"}
    return shown


def _link(request: Request, space: Space, wanted: Pointer, purpose: str, action: str) -> dict[str, Any]:
    """Good for this one file alone: clients send it no token."""
    signer, subject = context.hub(request).runner.workshop.signer, f"{space.id}/{wanted.oid}/{wanted.size}"
    path = f"/spaces/{space.repo_id}/info/lfs/objects/{wanted.oid}/{wanted.size}"
    sign = signer.sign(purpose, subject, LIFETIME)
    end = "/verify" if action == "verify" else ""
    return {"href": f"{context.base(request)}{path}{end}?sign={sign}", "header": {}, "expires_in": LIFETIME}


def _linked(request: Request, purpose: str) -> tuple[Path, Pointer]:
    """The repository and the file of a link. Raises 403 unless the link was given out for this."""
    hub, params = context.hub(request), request.path_params
    signer, space = hub.runner.workshop.signer, hub.store.find(f"{params['owner']}/{params['name']}")
    wanted = Pointer(params["oid"], params["size"])
    sign = request.query_params.get("sign", "")
    if space is None or not signer.allows(sign, purpose, f"{space.id}/{wanted.oid}/{wanted.size}"):
        raise HubError(403, "This link does not hold, or no longer")
    return hub.runner.workshop.repository(space), wanted


def _pointer(item: Any) -> Pointer:
    facts = item if isinstance(item, dict) else {}
    oid, size = facts.get("oid"), facts.get("size")
    if not isinstance(oid, str) or not lfs.OID.fullmatch(oid) or not isinstance(size, int) or size < 0:
        raise HubError(422, "Invalid object")
    return Pointer(oid, size)


_LFS = "/spaces/{owner}/{name}/info/lfs/objects"
ROUTES = [
    Route(f"{_LFS}/batch", batch, methods=["POST"]),
    Route(f"{_LFS}/{{oid}}/{{size:int}}", upload, methods=["PUT"]),
    Route(f"{_LFS}/{{oid}}/{{size:int}}", download, methods=["GET"]),
    Route(f"{_LFS}/{{oid}}/{{size:int}}/verify", verify, methods=["POST"]),
]
