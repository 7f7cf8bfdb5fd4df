"""Making a Space hold exactly the source's files: which to add and which to delete. Pure but for reading files."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spaceport.hub import RemoteFile

# The Hub writes this file itself, and the client library never deletes it either.
KEPT = frozenset({".gitattributes"})
# Folders that the client library refuses to change, at whatever depth.
_NOT_PUSHED = frozenset({".git", ".cache"})


@dataclass(frozen=True)
class Plan:
    add: dict[str, Path]
    delete: list[str]

    @property
    def empty(self) -> bool:
        return not self.add and not self.delete


def plan(local: Mapping[str, Path], remote: Iterable[RemoteFile]) -> Plan:
    """Files that differ are added, files gone from the source are deleted, equal ones cost nothing."""
    there = {file.path: file for file in remote if _pushable(file.path)}
    wanted = {path: file for path, file in local.items() if _pushable(path)}
    add = {path: file for path, file in wanted.items() if path not in there or not _same(file, there[path])}
    delete = sorted(path for path in there if path not in wanted and path not in KEPT)
    return Plan(add, delete)


def _pushable(path: str) -> bool:
    return _NOT_PUSHED.isdisjoint(path.split("/"))


def _same(file: Path, remote: RemoteFile) -> bool:
    if file.stat().st_size != remote.size:
        return False
    return remote.oid == (_sha256(file) if remote.large else _blob_id(file))


def _blob_id(file: Path) -> str:
    """Git's name for a file's content: sha1 over a header and the bytes."""
    data = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
