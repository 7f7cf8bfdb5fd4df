"""Volumes as folders: what a Space mounts, and where that is on this machine."""

import asyncio
import re
from pathlib import Path, PurePosixPath
from typing import Any

from localhub.buckets.buckets import Bucket, Buckets
from localhub.git import read, write
from localhub.runner.builds import Mount
from localhub.runner.log import Log
from localhub.runner.workshop import Workshop

KINDS = {"bucket", "dataset", "model", "space"}
_SOURCE = re.compile(r"(?!.*\.\.)[\w.-]+/[\w.-]+", re.ASCII)


def problem(volumes: list[Any]) -> str | None:
    """What the Hub would refuse of a list of volumes, or None."""
    paths = [volume.get("mountPath") for volume in volumes if isinstance(volume, dict)]
    for volume in volumes:
        if not isinstance(volume, dict) or volume.get("type") not in KINDS:
            return f'"type" of a volume must be one of [{", ".join(sorted(KINDS))}]'
        if not _SOURCE.fullmatch(str(volume.get("source"))):
            return '"source" of a volume must be a repository or a bucket, such as "user/name"'
        if not _is_place(volume.get("mountPath")) or paths.count(volume["mountPath"]) > 1:
            return '"mountPath" of a volume must be an absolute path of its own'
        if ".." in PurePosixPath(str(volume.get("path") or "")).parts:
            return '"path" of a volume must stay inside it'
    return None


async def mounts(workshop: Workshop, owner: str, given: list[dict[str, Any]], folder: Path, log: Log) -> list[Mount]:
    """The folders to be mounted, made ready. Copies of repositories go into `folder`; a bucket outlives every app.

    `owner` is whose private Spaces may be read.
    """
    return [await _mount(workshop, owner, volume, folder / str(number), log) for number, volume in enumerate(given)]


async def _mount(workshop: Workshop, owner: str, volume: dict[str, Any], folder: Path, log: Log) -> Mount:
    kind, source, path = volume["type"], volume["source"], volume["mountPath"]
    bucket = _bucket(workshop.buckets, owner, source) if kind == "bucket" else None
    if bucket:
        folder = workshop.buckets.folder(bucket)
    elif not (kind == "space" and await asyncio.to_thread(_checkout, workshop, owner, volume, folder)):
        log.write(f"localhub: the {kind} {source} is not on this machine, {path} is empty")
    inside = await asyncio.to_thread(_made, folder, str(volume.get("path") or "").strip("/"))
    if bucket:
        await asyncio.to_thread(workshop.own, folder)
    return Mount(inside, path, bucket is None or bool(volume.get("readOnly")))


def _bucket(buckets: Buckets, owner: str, source: str) -> Bucket | None:
    """The bucket of this name, made if it is the owner's own; None for one that the owner may not read."""
    found = buckets.find(source)
    if found is None and source.partition("/")[0] == owner:
        return buckets.create(source, private=True)
    return None if found and found.private and found.owner != owner else found


def _made(folder: Path, path: str) -> Path:
    """A folder inside this one, and this one itself where an app has left a link that leads out."""
    folder.mkdir(parents=True, exist_ok=True)
    inside = (folder / path).resolve()
    if not inside.is_relative_to(folder.resolve()):
        return folder.resolve()
    inside.mkdir(parents=True, exist_ok=True)
    return inside


def _checkout(workshop: Workshop, owner: str, volume: dict[str, Any], folder: Path) -> bool:
    """Whether the Space named as source is there for this owner to read."""
    source = workshop.store.find(volume["source"])
    if source is None or (source.private and source.owner != owner):
        return False
    repository = workshop.repository(source)
    commit = read.resolve(repository, volume.get("revision") or "main")
    if commit is None:
        return False
    write.checkout(repository, commit, folder)
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(0o444)
    return True


def _is_place(path: Any) -> bool:
    parts = PurePosixPath(path).parts if isinstance(path, str) else ()
    return len(parts) > 1 and parts[0] == "/" and ".." not in parts
