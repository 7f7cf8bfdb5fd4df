"""Changing a Space's files: preupload, commit, and the README check before them."""

import asyncio
import base64
import binascii
import json
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import errors
from localhub.api import bodies, context, references
from localhub.errors import HubError
from localhub.git import ignored, large, read, write
from localhub.hub import Hub
from localhub.spaces import readme
from localhub.spaces.model import Space

STALE = "The branch was updated since you opened this page. Please refresh and try again."


async def validate_yaml(request: Request) -> Response:
    facts = await context.checked(request, bodies.Card)
    try:
        card = readme.front_matter(facts["content"])
    except readme.ReadmeError as error:
        if "Missing" in str(error):
            warning = "empty or missing yaml metadata in repo card"
            return JSONResponse({"errors": [], "warnings": [{"message": warning}]})
        return JSONResponse({"errors": [{"message": str(error)}], "warnings": []}, 400)
    found = readme.problems(card) if facts.get("repoType") == "space" else []
    errors_found = [{"message": problem} for problem in found]
    return JSONResponse({"errors": errors_found, "warnings": []}, 400 if found else 200)


async def preupload(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    _refuse_pull_request(request)
    facts = await context.checked(request, bodies.Uploads)
    files = facts["files"]
    tip = await references.tip(hub, space, references.branch_named(request, "preupload"))
    repository = hub.runner.workshop.repository(space)
    entries = await asyncio.to_thread(read.tree, repository, tip)
    paths = [file["path"] for file in files if _possible(file["path"])]
    skipped = await asyncio.to_thread(_ignored, repository, tip, facts.get("gitIgnore"), paths)
    oids = {entry.path: entry.large.oid if entry.large else entry.oid for entry in entries if entry.kind == "blob"}
    shown = []
    for file in files:
        known = {"oid": oids[file["path"]]} if file["path"] in oids else {}
        mode = large.upload_mode(int(file.get("size") or 0), hub.config.lfs_over)
        skip = file["path"] in skipped
        shown.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": skip, **known})
    # The client logs this: its xet part shows nothing of a refusal but the status.
    told = {"X-HF-Warning": large.WARNING} if any(file["uploadMode"] == "lfs" for file in shown) else {}
    return JSONResponse({"files": shown, "commitOid": tip}, headers=told)


def _ignored(repository: Path, tip: str, given: str | None, paths: list[str]) -> set[str]:
    """By the `.gitignore` that is sent along, or else by the one that is there: the client leaves these out unsaid."""
    rules = given if given is not None else read.text(repository, tip, ".gitignore")
    return ignored.of(repository, rules or "", paths)


async def commit(request: Request) -> Response:
    space, hub = context.writable(request), context.hub(request)
    if "hot_reload" in request.query_params:
        raise HubError(400, "Hot reload is not available: it needs an agent that only the Hub's own images have")
    _refuse_pull_request(request)
    branch = references.branch_named(request, "commit")
    lines = await asyncio.to_thread(_lines, await context.body(request))
    async with hub.changing(space):
        tip = await references.tip(hub, space, branch)
        change = await asyncio.to_thread(_change, hub, space, tip, lines, context.caller(request).name)
        try:
            repository = hub.runner.workshop.repository(space)
            oid = await asyncio.to_thread(write.commit, repository, branch, tip, change)
        except write.StaleError as error:
            raise HubError(412, STALE) from error
        await hub.moved(space, branch, tip, oid)
    url = f"{context.base(request)}/spaces/{space.repo_id}/commit/{oid}"
    return JSONResponse({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})


def _lines(raw: bytes) -> list[tuple[str, dict[str, Any]]]:
    try:
        return [_line(json.loads(line)) for line in raw.split(b"\n") if line]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise HubError(400, "Invalid NDJSON body") from error


def _line(item: Any) -> tuple[str, dict[str, Any]]:
    key, value = item["key"], item["value"]
    for name in ("path", "oldPath", "summary", "description", "parentCommit", "encoding", "oid"):
        # Also refuses half a character, which JSON may spell and no file name can hold.
        (value.get(name) or "").encode()
    if not isinstance(key, str) or not isinstance(value.get("content") or "", str):
        raise TypeError
    return key, value


def _change(hub: Hub, space: Space, tip: str, lines: list[tuple[str, dict[str, Any]]], author: str) -> write.Change:
    """Raises 412 for a stale parent, 404 for deleting what is not there, 422 for an impossible path."""
    change = write.Change("", author=author)
    repository = hub.runner.workshop.repository(space)
    entries = read.tree(repository, tip)
    modes = {entry.path: entry.mode for entry in entries if entry.kind == "blob"}
    kinds = {entry.path: entry.kind for entry in entries}
    for key, value in lines:
        match key:
            case "header":
                _check_parent(value.get("parentCommit"), tip)
                change.title, change.message = value.get("summary") or "", value.get("description") or ""
            case "deletedFile" | "deletedFolder" | "deletedEntry":
                path = _path(value).rstrip("/")
                if path not in kinds:
                    raise errors.entry_missing("A file with this name doesn't exist")
                change.deleted.append(path)
            case "file":
                path = _path(value)
                if path.endswith("/"):
                    raise HubError(422, f"Invalid path: {path}")
                change.files.append(write.File(path, _content(value), modes.get(path, "100644")))
                if value.get("oldPath"):
                    change.deleted.append(_path({"path": value["oldPath"]}))
            case "lfsFile":
                change.files.append(_large(repository, value))
            case _:
                raise HubError(400, f"localhub does not take {key} in a commit")
    if not change.title:
        raise HubError(400, '"summary" is required')
    large.track(repository, tip, change)
    return change


def _large(repository: Path, value: dict[str, Any]) -> write.File:
    found = large.held(repository, str(value.get("oid")))
    if found is None:
        raise HubError(400, f"The large file {value.get('path')} has not been uploaded")
    return write.File(_path(value), found.text)


def _check_parent(parent: str | None, tip: str) -> None:
    if parent and not (len(parent) >= 5 and tip.startswith(parent.lower())):
        raise HubError(412, STALE)


def _path(value: dict[str, Any]) -> str:
    path = value.get("path")
    if not isinstance(path, str) or not _possible(path):
        raise HubError(422, f"Invalid path: {path}")
    return path


def _possible(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    forbidden = any(part in {"", ".", "..", ".git"} for part in parts)
    return not (forbidden or "\\" in path or any(ord(character) < 32 for character in path)) and not (
        PurePosixPath(path).is_absolute()
    )


def _content(value: dict[str, Any]) -> bytes:
    content = value.get("content") or ""
    try:
        if value.get("encoding") == "utf-8":
            return str(content).encode()
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise HubError(400, f"Invalid base64 content: {value.get('path')}") from error


def _refuse_pull_request(request: Request) -> None:
    """In a sentence, and before anything lands on the branch that it was meant to be kept from."""
    if request.query_params.get("create_pr", "").lower() in {"1", "true"}:
        raise HubError(400, "Pull requests are not available on localhub")


_SPACE = "/api/spaces/{owner}/{name}"
ROUTES = [
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    Route(f"{_SPACE}/preupload/{{rest:path}}", preupload, methods=["POST"]),
    Route(f"{_SPACE}/commit/{{rest:path}}", commit, methods=["POST"]),
]
