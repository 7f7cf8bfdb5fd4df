"""Buckets: created, listed, looked into and changed. The content of files travels over Xet (`cas`)."""

import asyncio
import time
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import clock, credentials, errors
from localhub.api import bodies, context
from localhub.api.repos import NAME
from localhub.buckets.buckets import Bucket, Buckets, File, Refused
from localhub.errors import HubError

TOKEN_LIFETIME = 3600


async def listing(request: Request) -> Response:
    owner = _owner(request)
    found = [bucket for bucket in _buckets(request).of(owner) if _may_read(request, bucket)]
    wanted = request.query_params.get("search", "").lower()
    return JSONResponse([await _shown(request, bucket) for bucket in found if wanted in bucket.name.lower()])


async def one(request: Request) -> Response:
    if request.method == "POST":
        return await _create(request)
    if request.method == "DELETE":
        bucket = writable(request)
        _buckets(request).remove(bucket)
        await asyncio.to_thread(_buckets(request).discard, bucket)
        return JSONResponse({})
    return JSONResponse(await _shown(request, readable(request)))


async def settings(request: Request) -> Response:
    bucket, facts = writable(request), await context.checked(request, bodies.BucketSettings)
    if facts.get("private") is not None:
        bucket.private = facts["private"]
        _buckets(request).save(bucket)
    return JSONResponse({"private": bucket.private, "cdnRegions": []})


async def tree(request: Request) -> Response:
    """Everything below a prefix, or, with `recursive=false`, what is right below it."""
    bucket = readable(request)
    prefix = "/".join(context.rest(request, "tree")) if request.path_params.get("rest") else ""
    files = await _files(request, bucket)
    inside = [file for file in files if not prefix or file.path == prefix or file.path.startswith(f"{prefix}/")]
    if request.query_params.get("recursive", "true").lower() in {"true", "1"}:
        return JSONResponse([_entry(file) for file in inside])
    return JSONResponse(_collapsed(inside, prefix))


async def paths_info(request: Request) -> Response:
    bucket, given = readable(request), await context.checked(request, bodies.Paths)
    wanted = {given["paths"]} if isinstance(given["paths"], str) else set(given["paths"])
    return JSONResponse([_entry(file) for file in await _files(request, bucket) if file.path in wanted])


async def batch(request: Request) -> Response:
    bucket, buckets = writable(request), _buckets(request)
    lines = _lines(await context.body(request))
    failed = await asyncio.to_thread(_apply, buckets, bucket, lines)
    # What was written belongs to whoever mounts it.
    await asyncio.to_thread(context.hub(request).runner.workshop.own, buckets.folder(bucket))
    count = len(lines)
    facts = {"success": not failed, "processed": count, "succeeded": count - len(failed), "failed": failed}
    return JSONResponse(facts, 422 if count and len(failed) == count else 200)


async def token(request: Request) -> Response:
    """Where content is sent and fetched, with the caller's own token: the calls there are judged like every other."""
    write = request.path_params["kind"] == "write"
    bucket = writable(request) if write else readable(request)
    secret = credentials.token(request.headers.get("authorization", "")) or "-"
    url, end = f"{context.base(request)}/xet/{bucket.id}", int(time.time()) + TOKEN_LIFETIME
    headers = {"X-Xet-Cas-Url": url, "X-Xet-Access-Token": secret, "X-Xet-Token-Expiration": str(end)}
    return JSONResponse({"casUrl": url, "exp": end, "accessToken": secret}, headers=headers)


def readable(request: Request) -> Bucket:
    """The bucket of the path. A private one does not exist for whoever may not read it."""
    params = request.path_params
    bucket = _buckets(request).find(f"{params['owner']}/{params['name']}")
    if bucket and _may_read(request, bucket):
        return bucket
    raise errors.repository_missing() if context.caller(request).user else errors.sign_in_needed()


def writable(request: Request) -> Bucket:
    bucket = readable(request)
    context.may_write_to(request, bucket.owner)
    return bucket


async def _create(request: Request) -> Response:
    facts, owner, name = await context.checked(request, bodies.NewBucket), _owner(request), request.path_params["name"]
    context.may_write_to(request, owner)
    if not NAME.match(name):
        raise HubError(400, f"Invalid bucket name: {name}")
    url = f"{context.base(request)}/buckets/{owner}/{name}"
    if held := _buckets(request).find(f"{owner}/{name}"):
        raise HubError(409, "You already created this bucket", url=url, id=held.id)
    private = facts.get("visibility") == "private" or bool(facts.get("private"))
    bucket = _buckets(request).create(f"{owner}/{name}", private=private)
    return JSONResponse({"url": url, "name": bucket.repo_id, "id": bucket.id})


def _apply(buckets: Buckets, bucket: Bucket, lines: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What could not be done. Everything else was."""
    failed = []
    for line in lines:
        try:
            _change(buckets, bucket, line)
        except Refused as error:
            failed.append({"path": line["path"], "error": str(error)})
    return failed


def _change(buckets: Buckets, bucket: Bucket, line: dict[str, Any]) -> None:
    if line["type"] == "copyFile":
        raise Refused("localhub copies no files into a bucket")
    if line["type"] == "deleteFile":
        buckets.delete(bucket, line["path"])
    else:
        buckets.put(bucket, line["path"], line.get("xetHash", ""), line.get("mtime", time.time() * 1000) / 1000)


def _lines(raw: bytes) -> list[dict[str, Any]]:
    try:
        found = [bodies.BucketLine.model_validate_json(line) for line in raw.splitlines() if line.strip()]
    except ValidationError as error:
        raise HubError(400, f"Invalid line: {error.errors(include_input=False)[0]['msg']}") from None
    return [line.model_dump(by_alias=True, exclude_unset=True) for line in found]


def _collapsed(files: list[File], prefix: str) -> list[dict[str, Any]]:
    shown: dict[str, dict[str, Any]] = {}
    start = len(prefix) + 1 if prefix else 0
    for file in files:
        name, below, _ = file.path[start:].partition("/")
        path = file.path[:start] + name
        folder = {"type": "directory", "path": path, "uploadedAt": _when(file)}
        shown.setdefault(path, folder if below else _entry(file))
    return list(shown.values())


def _entry(file: File) -> dict[str, Any]:
    when = _when(file)
    facts = {"type": "file", "path": file.path, "size": file.size, "xetHash": file.hash}
    return facts | {"mtime": when, "uploadedAt": when}


def _when(file: File) -> str:
    return clock.from_epoch(file.mtime_ns / 1e9)


async def _shown(request: Request, bucket: Bucket) -> dict[str, Any]:
    files = await _files(request, bucket)
    return {
        "author": bucket.owner,
        "id": bucket.repo_id,
        "private": bucket.private,
        "createdAt": bucket.created_at,
        "updatedAt": max([bucket.created_at, *map(_when, files)]),
        "size": sum(file.size for file in files),
        "totalFiles": len(files),
        "repoType": "bucket",
        "cdnRegions": [],
    }


async def _files(request: Request, bucket: Bucket) -> list[File]:
    return await asyncio.to_thread(_buckets(request).files, bucket)


def _may_read(request: Request, bucket: Bucket) -> bool:
    return not bucket.private or context.hub(request).accounts.is_member(context.caller(request), bucket.owner)


def _owner(request: Request) -> str:
    owner = str(request.path_params["owner"])
    return context.user(request).name if owner == "me" else owner


def _buckets(request: Request) -> Buckets:
    return context.hub(request).runner.workshop.buckets


_BUCKET = "/api/buckets/{owner}/{name}"
ROUTES = [
    Route("/api/buckets/{owner}", listing),
    Route(_BUCKET, one, methods=["GET", "POST", "DELETE"]),
    Route(f"{_BUCKET}/settings", settings, methods=["PUT"]),
    Route(f"{_BUCKET}/tree", tree),
    Route(f"{_BUCKET}/tree/{{rest:path}}", tree),
    Route(f"{_BUCKET}/paths-info", paths_info, methods=["POST"]),
    Route(f"{_BUCKET}/batch", batch, methods=["POST"]),
    Route(f"{_BUCKET}/xet-{{kind}}-token", token),
]
