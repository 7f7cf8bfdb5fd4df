"""Reading a Space's repository: tree, history, refs, files."""

import asyncio
import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from localhub import clock, errors
from localhub.api import context, present
from localhub.errors import HubError
from localhub.git import lfs, read
from localhub.git.lfs import Pointer
from localhub.spaces.model import Space

TREE_PAGE, EXPANDED_PAGE = 1000, 50
MOST_PATHS = 1000


async def tree(request: Request) -> Response:
    commit, path, repository = await _place(request, "tree")
    entries = await asyncio.to_thread(read.tree, repository, commit)
    if path and not any(entry.path == path and entry.kind == "tree" for entry in entries):
        raise errors.entry_missing(f'"{path}" does not exist on "{commit}"')
    query = request.query_params
    if _is_true(query.get("recursive")):
        inside = [entry for entry in entries if not path or entry.path.startswith(f"{path}/")]
    else:
        inside = [entry for entry in entries if entry.parent == path]
    if not _is_true(query.get("expand")):
        return _paged(request, [present.tree_entry(entry) for entry in inside], TREE_PAGE)
    return _paged(request, await _expanded(repository, commit, inside), EXPANDED_PAGE)


async def commits(request: Request) -> Response:
    commit, _path, repository = await _place(request, "commits")
    limit, page = min(context.number(request, "limit", 50), 1000), context.number(request, "p", 0)
    history = await asyncio.to_thread(read.history, repository, commit, limit=limit, skip=page * limit)
    total = await asyncio.to_thread(read.count, repository, commit)
    headers = {"X-Total-Count": str(total)}
    if (page + 1) * limit < total:
        headers["Link"] = _next(request, p=page + 1)
    return JSONResponse([_commit(item) for item in history], headers=headers)


async def refs(request: Request) -> Response:
    space = context.readable(request)
    found = await asyncio.to_thread(read.refs, context.hub(request).runner.workshop.repository(space))
    shown: dict[str, list[dict[str, str]]] = {"branches": [], "tags": [], "converts": []}
    kinds = [("branches", "refs/heads/"), ("tags", "refs/tags/"), ("converts", "refs/convert/")]
    if request.query_params.get("include_prs"):
        shown["pullRequests"] = []
        kinds.append(("pullRequests", "refs/pr/"))
    for kind, prefix in kinds:
        shown[kind] = [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit}
            for ref, commit in found
            if ref.startswith(prefix)
        ]
    return JSONResponse(shown)


async def paths_info(request: Request) -> Response:
    commit, _path, repository = await _place(request, "paths-info")
    form = await request.form()
    paths = {str(value).rstrip("/") for value in form.getlist("paths")}
    if len(paths) > MOST_PATHS:
        raise HubError(413, "Too many paths")
    entries = await asyncio.to_thread(read.tree, repository, commit)
    wanted = [entry for entry in entries if entry.path in paths]
    if _is_true(str(form.get("expand", ""))):
        return JSONResponse(await _expanded(repository, commit, wanted))
    return JSONResponse([present.tree_entry(entry) for entry in wanted])


async def _expanded(repository: Path, commit: str, entries: list[read.Entry]) -> list[dict[str, Any]]:
    """With the commit that last changed each."""
    last = await asyncio.to_thread(read.last_commits, repository, commit)
    return [present.tree_entry(entry) | {"lastCommit": _last(last[entry.path])} for entry in entries]


def _last(commit: read.Commit) -> dict[str, str]:
    return {"id": commit.oid, "title": commit.title, "date": clock.from_epoch(commit.when)}


def _is_true(value: str | None) -> bool:
    return (value or "").lower() in {"true", "1"}


async def resolve(request: Request) -> Response:
    commit, path, repository = await _place(request, "resolve")
    headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
    found = await asyncio.to_thread(read.entry, repository, commit, path)
    if found is None or found.kind != "blob":
        missing = {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}
        return JSONResponse({"error": "Entry not found"}, 404, headers | missing)
    if found.large:
        return _large_file(found.large, lfs.place(repository, found.large.oid), headers)
    headers |= {"ETag": f'"{found.oid}"', "Content-Length": str(found.size)}
    kind = mimetypes.guess_type(path)[0] or "text/plain"
    if request.method == "HEAD":
        return Response(headers=headers, media_type=kind)
    content = await asyncio.to_thread(read.content, repository, found.oid)
    return _ranged(request, content, headers, kind)


def _large_file(wanted: Pointer, file: Path, headers: dict[str, str]) -> Response:
    if not file.is_file():
        raise errors.entry_missing("The large file behind this pointer was never uploaded")
    linked = {"X-Linked-Etag": f'"{wanted.oid}"', "X-Linked-Size": str(wanted.size)}
    return FileResponse(file, headers=headers | linked | {"ETag": f'"{wanted.oid}"'})


def _ranged(request: Request, content: bytes, headers: dict[str, str], kind: str) -> Response:
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Response(content, headers=headers, media_type=kind)
    start, end = int(asked.group(1)), min(int(asked.group(2) or len(content) - 1), len(content) - 1)
    if start > end:
        raise HubError(416, "Range Not Satisfiable")
    part = content[start : end + 1]
    headers |= {"Content-Range": f"bytes {start}-{end}/{len(content)}", "Content-Length": str(len(part))}
    return Response(part, 206, headers=headers, media_type=kind)


async def _place(request: Request, marker: str) -> tuple[str, str, Path]:
    """The commit, the path inside it and the repository that a request names."""
    space = context.readable(request)
    parts = context.rest(request, marker)
    count = 3 if parts[:1] == ["refs"] else 1
    revision, path = "/".join(parts[:count]), "/".join(parts[count:])
    repository = context.hub(request).runner.workshop.repository(space)
    return await _commit_of(space, repository, revision), path, repository


async def _commit_of(space: Space, repository: Path, revision: str) -> str:
    if revision == "main" and space.head:
        return space.head
    commit = await asyncio.to_thread(read.resolve, repository, revision)
    if commit is None:
        raise errors.revision_missing(revision)
    return commit


def _paged(request: Request, items: Sequence[dict[str, Any]], size: int) -> Response:
    offset = context.number(request, "cursor", 0)
    headers = {"Link": _next(request, cursor=offset + size)} if offset + size < len(items) else {}
    return JSONResponse(items[offset : offset + size], headers=headers)


def _next(request: Request, **changed: int) -> str:
    pairs = [(key, value) for key, value in request.query_params.multi_items() if key not in changed]
    query = urlencode([*pairs, *((key, str(value)) for key, value in changed.items())])
    raw = request.scope["raw_path"].decode("latin-1")
    return f'<{context.base(request)}{raw}?{query}>; rel="next"'


def _commit(item: read.Commit) -> dict[str, Any]:
    return {
        "id": item.oid,
        "title": item.title,
        "message": item.message,
        "authors": [{"user": item.author}],
        "date": clock.from_epoch(item.when),
    }


_SPACE = "/api/spaces/{owner}/{name}"
ROUTES = [
    Route(f"{_SPACE}/tree/{{rest:path}}", tree),
    Route(f"{_SPACE}/commits/{{rest:path}}", commits),
    Route(f"{_SPACE}/refs", refs),
    Route(f"{_SPACE}/paths-info/{{rest:path}}", paths_info, methods=["POST"]),
    Route("/spaces/{owner}/{name}/resolve/{rest:path}", resolve),
]
