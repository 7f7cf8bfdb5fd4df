"""Spaces as the Hub's JSON shows them."""

import json
from collections.abc import Sequence
from typing import Any

from localhub.git.lfs import Pointer
from localhub.git.read import Entry
from localhub.hub import Hub
from localhub.spaces.model import Space

MOST_KEPT = 4
"""Forms in which one Space is kept: the plain one, the full one, and what a client expands."""


def runtime(hub: Hub, space: Space) -> dict[str, Any]:
    static = space.sdk == "static"
    stage, served = space.stage, space.served
    if stuck := hub.faults.stuck(space.repo_id):
        stage, served = stuck.stuck_stage, stuck.stuck_sha or ""
    shown: dict[str, Any] = {
        "stage": stage,
        "hardware": {"current": space.hardware_now or None, "requested": None if static else space.hardware},
        "storage": None,
        "gcTimeout": hub.runner.sleep_after(space),
        "replicas": {"requested": space.replicas} | ({"current": space.replicas} if served else {}),
        "devMode": space.dev_mode,
        "domains": [{"domain": f"{hub.config.host}:{space.port}", "stage": "READY"}, *space.domains],
        "volumes": space.volumes,
    }
    if static:
        del shown["gcTimeout"]
    if served:
        shown["sha"] = served
    if space.error:
        shown["errorMessage"] = space.error
    return shown


def info(hub: Hub, space: Space) -> dict[str, Any]:
    """Everything but the list of files."""
    return {
        "_id": space.id,
        "id": space.repo_id,
        "author": space.owner,
        "sha": space.head,
        "createdAt": space.created_at,
        "lastModified": space.last_modified,
        "private": space.private,
        "visibility": space.visibility,
        "gated": False,
        "disabled": False,
        "host": f"http://{hub.config.host}:{space.port}",
        "subdomain": space.subdomain,
        "likes": 0,
        "trendingScore": 0,
        "sdk": space.sdk,
        "tags": [space.sdk, *space.card.get("tags", []), "region:us"],
        "cardData": space.card,
        "runtime": runtime(hub, space),
        "models": space.card.get("models", []),
        "datasets": space.card.get("datasets", []),
        "region": "us",
        "resourceGroup": None,
        "usedStorage": 0,
    }


def listing(hub: Hub, spaces: list[Space], wanted: tuple[str, ...], *, full: bool) -> bytes:
    """A JSON array. Each entry is kept until its Space changes: a thousand of them are joined, not made."""
    return b"[" + b",".join(_entry(hub, space, wanted, full=full) for space in spaces) + b"]"


def _entry(hub: Hub, space: Space, wanted: tuple[str, ...], *, full: bool) -> bytes:
    kept, key = hub.store.kept(space), (full, *wanted)
    if key in kept and not hub.faults.stuck(space.repo_id):
        return kept[key]
    present_one = info if full else listed
    shown = expanded(hub, space, wanted) if wanted else present_one(hub, space)
    made = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    if len(kept) < MOST_KEPT and not hub.faults.stuck(space.repo_id):
        kept[key] = made
    return made


def listed(hub: Hub, space: Space) -> dict[str, Any]:
    """As in a listing, which shows less unless it is asked for more."""
    keys = (
        "_id",
        "id",
        "author",
        "createdAt",
        "lastModified",
        "likes",
        "private",
        "sdk",
        "tags",
        "trendingScore",
    )
    whole = info(hub, space)
    return {key: whole[key] for key in keys}


def expanded(hub: Hub, space: Space, wanted: Sequence[str]) -> dict[str, Any]:
    whole = info(hub, space)
    return {key: whole[key] for key in ("_id", "id", *wanted) if key in whole}


def siblings(entries: tuple[Entry, ...], *, blobs: bool) -> list[dict[str, Any]]:
    files = [entry for entry in entries if entry.kind == "blob"]
    if not blobs:
        return [{"rfilename": entry.path} for entry in files]
    return [
        {"rfilename": entry.path, "size": entry.size, "blobId": entry.oid}
        | ({"lfs": _large(entry.large) | {"sha256": entry.large.oid}} if entry.large else {})
        for entry in files
    ]


def tree_entry(entry: Entry) -> dict[str, Any]:
    if entry.kind == "tree":
        return {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
    shown = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
    return shown | ({"lfs": _large(entry.large)} if entry.large else {})


def _large(pointer: Pointer) -> dict[str, Any]:
    return {"oid": pointer.oid, "size": pointer.size, "pointerSize": len(pointer.text)}
