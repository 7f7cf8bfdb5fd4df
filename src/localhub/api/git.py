"""git over HTTP: clone, fetch and push, with the token as password."""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from localhub.api import context
from localhub.errors import HubError
from localhub.git import read, serve
from localhub.hub import Hub
from localhub.spaces.model import Space


async def advertise(request: Request) -> Response:
    service = request.query_params.get("service", "")
    if service not in serve.SERVICES:
        raise HubError(403, "Only git's smart HTTP protocol is spoken here")
    space = context.repository(request, write=service == "git-receive-pack")
    repository = context.hub(request).runner.workshop.repository(space)
    refs = await serve.advertise(repository, service, _protocol(request))
    return _answer(service, "advertisement", refs)


async def upload_pack(request: Request) -> Response:
    """A fetch."""
    space = context.repository(request, write=False)
    repository = context.hub(request).runner.workshop.repository(space)
    asked = await _spool(request, "git-upload-pack")
    pack = _pack(repository, asked, _protocol(request))
    return StreamingResponse(pack, media_type="application/x-git-upload-pack-result", headers=_HEADERS)


async def receive_pack(request: Request) -> Response:
    """A push: what it moves is built and told exactly as a commit over the API is."""
    space, hub = context.repository(request, write=True), context.hub(request)
    with await _spool(request, "git-receive-pack") as pushed:
        return _answer("git-receive-pack", "result", await _receive(hub, space, pushed, _protocol(request)))


async def _pack(repository: Path, asked: IO[bytes], protocol: str) -> AsyncIterator[bytes]:
    with asked:
        async for part in serve.exchange(repository, "git-upload-pack", asked, protocol):
            yield part


async def _receive(hub: Hub, space: Space, pushed: IO[bytes], protocol: str) -> bytes:
    repository = hub.runner.workshop.repository(space)
    async with hub.changing(space):
        before = dict(await asyncio.to_thread(read.refs, repository))
        answer = await serve.whole(repository, "git-receive-pack", pushed, protocol)
        after = dict(await asyncio.to_thread(read.refs, repository))
        for ref in sorted(before.keys() | after.keys()):
            if before.get(ref) != after.get(ref):
                await hub.moved(space, ref, before.get(ref), after.get(ref))
    return answer


async def _spool(request: Request, service: str) -> IO[bytes]:
    if request.headers.get("content-type") != f"application/x-{service}-request":
        raise HubError(415, "Unsupported Media Type")
    gzipped = request.headers.get("content-encoding", "") in {"gzip", "x-gzip"}
    try:
        async with asyncio.timeout(serve.LONGEST):
            return await serve.spool(request.stream(), gzipped=gzipped, largest=context.LARGEST_BODY)
    except TimeoutError as error:
        raise HubError(408, "Request Timeout") from error
    except serve.TooLarge as error:
        raise HubError(413, "Payload too large") from error
    except zlib.error as error:
        raise HubError(400, "Invalid gzip body") from error


def _protocol(request: Request) -> str:
    found = re.fullmatch(r"[a-z0-9=:]{1,64}", request.headers.get("git-protocol", ""))
    return found.group() if found else ""


def _answer(service: str, kind: str, content: bytes) -> Response:
    return Response(content, media_type=f"application/x-{service}-{kind}", headers=_HEADERS)


_HEADERS = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}
_SPACE = "/spaces/{owner}/{name}"
ROUTES = [
    Route(f"{_SPACE}/info/refs", advertise),
    Route(f"{_SPACE}/git-upload-pack", upload_pack, methods=["POST"]),
    Route(f"{_SPACE}/git-receive-pack", receive_pack, methods=["POST"]),
]
