"""The content of a bucket's files, as Xet clients send and fetch it.

The smallest content-addressed store they accept: nothing is known beforehand (`chunks`, `xorb-grants` and the newer
`v2/shards` are 404, which makes them send everything in the older way), and what is fetched comes as it is.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from localhub import errors
from localhub.api import buckets, context
from localhub.buckets import xet
from localhub.buckets.buckets import HASH, Bucket, Buckets, File
from localhub.buckets.lz4 import Malformed
from localhub.errors import HubError

LIFETIME = 3600
"""Seconds a link to content works."""
STRETCH = 512
"""Chunks that are fetched in one piece: 32 MB."""


async def take_xorb(request: Request) -> Response:
    bucket, name = _bucket(request, write=True), request.path_params["hash"]
    if not HASH.fullmatch(name):
        raise HubError(400, "Invalid hash")
    content = await context.body(request, xet.LARGEST_XORB)
    return JSONResponse({"was_inserted": await asyncio.to_thread(_held(request).take_xorb, bucket, name, content)})


async def take_shard(request: Request) -> Response:
    bucket, content = _bucket(request, write=True), await context.body(request, xet.LARGEST_XORB)
    try:
        await asyncio.to_thread(_held(request).take_shard, bucket, content)
    except Malformed as error:
        raise HubError(400, str(error)) from error
    return JSONResponse({"result": 1})


async def reconstruct(request: Request) -> Response:
    """Of which chunks a file, or the asked range of it, is made, and where they are."""
    bucket = _bucket(request, write=False)
    file = await _file(request, bucket, lambda found: found.hash == request.path_params["hash"])
    start, end = _range(request, file.size)
    first, last = start // xet.CHUNK, (end - 1) // xet.CHUNK + 1
    stretches = [(at, min(at + STRETCH, last)) for at in range(first, last, STRETCH)]
    terms = [
        {"hash": file.hash, "unpacked_length": _length(file, *stretch), "range": _ends(*stretch)}
        for stretch in stretches
    ]
    fetch = [_fetch(request, bucket, file, *stretch) for stretch in stretches]
    return JSONResponse(
        {"offset_into_first_range": start - first * xet.CHUNK, "terms": terms, "fetch_info": {file.hash: fetch}}
    )


async def content(request: Request) -> Response:
    """Chunks of a file. Raises 403 unless the link was given out for these."""
    params, hub = request.path_params, context.hub(request)
    subject = f"{params['bucket']}/{params['hash']}/{params['first']}/{params['last']}"
    bucket = _held(request).by_id(params["bucket"])
    sign = request.query_params.get("sign", "")
    if bucket is None or not hub.runner.workshop.signer.allows(sign, "xet", subject):
        raise HubError(403, "This link does not hold, or no longer")
    file = await _file(request, bucket, lambda found: found.hash == params["hash"])
    start, end = params["first"] * xet.CHUNK, params["last"] * xet.CHUNK
    raw = await asyncio.to_thread(_held(request).read, bucket, file, start, end)
    framed = b"".join(xet.chunk(raw[at : at + xet.CHUNK]) for at in range(0, len(raw), xet.CHUNK))
    start, end = _range(request, len(framed))
    headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(framed)}"}
    return Response(framed[start:end], 206, headers, "application/octet-stream")


async def resolve(request: Request) -> Response:
    """The file itself; to a Xet client, which asks for the head, where to get it."""
    bucket, path = buckets.readable(request), "/".join(context.rest(request, "resolve"))
    file = await _file(request, bucket, lambda found: found.path == path)
    refresh = f"{context.base(request)}/api/buckets/{bucket.repo_id}/xet-read-token"
    headers = {
        "ETag": f'"{file.hash}"',
        "X-Xet-Hash": file.hash,
        "X-Linked-Size": str(file.size),
        "Link": f'<{refresh}>; rel="xet-auth"',
    }
    return FileResponse(_held(request).place(bucket, file), headers=headers)


def _fetch(request: Request, bucket: Bucket, file: File, first: int, last: int) -> dict[str, Any]:
    signer, place = context.hub(request).runner.workshop.signer, f"{bucket.id}/{file.hash}/{first}/{last}"
    sign = signer.sign("xet", place, LIFETIME)
    size = _length(file, first, last) + (last - first) * len(xet.chunk(b""))
    url = f"{context.base(request)}/xet/{bucket.id}/content/{file.hash}/{first}/{last}?sign={sign}"
    return {"range": _ends(first, last), "url": url, "url_range": _ends(0, size - 1)}


def _length(file: File, first: int, last: int) -> int:
    return min(last * xet.CHUNK, file.size) - first * xet.CHUNK


def _ends(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}


def _range(request: Request, size: int) -> tuple[int, int]:
    """The asked bytes, the end excluded. Raises 416."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "bytes=0-"))
    start, end = (int(asked[1]), min(int(asked[2] or size - 1) + 1, size)) if asked else (0, size)
    if start >= end:
        raise HubError(416, "Range Not Satisfiable")
    return start, end


async def _file(request: Request, bucket: Bucket, is_wanted: Callable[[File], bool]) -> File:
    """The first file of which this is true. Raises 404."""
    files = await asyncio.to_thread(_held(request).files, bucket)
    found = next(filter(is_wanted, files), None)
    if found is None:
        raise errors.entry_missing()
    return found


def _bucket(request: Request, *, write: bool) -> Bucket:
    found = _held(request).by_id(request.path_params["bucket"])
    if found is None:
        raise errors.repository_missing()
    request.path_params.update(owner=found.owner, name=found.name)
    return buckets.writable(request) if write else buckets.readable(request)


def _held(request: Request) -> Buckets:
    return context.hub(request).runner.workshop.buckets


_CAS = "/xet/{bucket}"
ROUTES = [
    Route(f"{_CAS}/v1/xorbs/{{prefix}}/{{hash}}", take_xorb, methods=["POST"]),
    Route(f"{_CAS}/v1/shards", take_shard, methods=["POST"]),
    Route(f"{_CAS}/v1/reconstructions/{{hash}}", reconstruct),
    Route(f"{_CAS}/content/{{hash}}/{{first:int}}/{{last:int}}", content),
    Route("/buckets/{owner}/{name}/resolve/{rest:path}", resolve),
]
