"""Writing a bare repository. Every function blocks, and each commit is one `git fast-import`."""

import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from localhub.git import lfs, read
from localhub.git.run import GitError, git

ZERO = "0" * 40


class StaleError(Exception):
    """The branch moved while the commit was being made."""


@dataclass(frozen=True)
class File:
    path: str
    content: bytes
    mode: str = "100644"


@dataclass
class Change:
    title: str
    message: str = ""
    author: str = "localhub"
    deleted: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


def create(repository: Path) -> None:
    repository.parent.mkdir(parents=True, exist_ok=True)
    git(repository, "init", "--quiet", "--bare", "--initial-branch=main", "--template=")
    git(repository, "config", "http.receivepack", "true")


def commit(repository: Path, ref: str, parent: str, change: Change) -> str:
    """Puts one commit on `ref` and returns its sha. Raises StaleError when `ref` is no longer at `parent`."""
    draft = f"refs/localhub/{uuid.uuid4().hex}"
    stream = b"".join(_stream(draft, parent, change))
    oid = git(repository, "fast-import", "--quiet", "--done", data=stream).decode().strip()
    moves = f"start\nupdate {ref} {oid} {parent or ZERO}\ndelete {draft} {oid}\ncommit\n"
    try:
        git(repository, "update-ref", "--stdin", data=moves.encode())
    except GitError as error:
        git(repository, "update-ref", "-d", draft)
        raise StaleError from error
    return oid


def duplicate(source: Path, target: Path, tip: str, change: Change) -> str:
    """A new repository with the files of one commit of another, changed, as a single commit on main."""
    shutil.copytree(source, target)
    for name in git(target, "for-each-ref", "--format=%(refname)").decode().split():
        delete_ref(target, name)
    update_ref(target, "refs/heads/main", tip)
    changed = commit(target, "refs/heads/main", tip, change)
    return squash(target, "refs/heads/main", changed, change.title, change.author)


def checkout(repository: Path, commit_id: str, folder: Path) -> None:
    """Writes the files of a commit into `folder`, without any git folder, large files in the place of pointers."""
    folder.mkdir(parents=True, exist_ok=True)
    index = folder.parent / f"{folder.name}.index"
    try:
        options = ("--work-tree", str(folder), "read-tree", "--reset", "-u")
        git(repository, *options, commit_id, env={"GIT_INDEX_FILE": str(index)})
        lfs.fill(repository, folder, read.large_files(repository, commit_id))
    finally:
        index.unlink(missing_ok=True)


def squash(repository: Path, ref: str, tip: str, title: str, author: str) -> str:
    """Replaces the history of `ref` by one commit with the same files."""
    oid = git(repository, "commit-tree", f"{tip}^{{tree}}", "-m", title, env=people(author)).decode().strip()
    update_ref(repository, ref, oid, tip)
    return oid


def people(author: str) -> dict[str, str]:
    """Whom git names as author and committer."""
    who = {"NAME": author, "EMAIL": f"{author}@users.noreply.localhost"}
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def update_ref(repository: Path, ref: str, new: str, old: str | None = None) -> None:
    git(repository, "update-ref", ref, new, *([old] if old is not None else []))


def delete_ref(repository: Path, ref: str) -> None:
    git(repository, "update-ref", "-d", ref)


def _stream(ref: str, parent: str, change: Change) -> Iterator[bytes]:
    body = f"{change.title}\n\n{change.message}".strip().encode() + b"\n"
    yield f"commit {ref}\nmark :1\ncommitter {_name(change.author)} {int(time.time())} +0000\n".encode()
    yield b"data %d\n" % len(body) + body + b"\n"
    if parent:
        yield f"from {parent}\n".encode()
    for path in change.deleted:
        yield f"D {_quoted(path)}\n".encode()
    for file in change.files:
        yield f"M {file.mode} inline {_quoted(file.path)}\ndata {len(file.content)}\n".encode()
        yield file.content + b"\n"
    yield b"\nget-mark :1\ndone\n"


def _name(author: str) -> str:
    return f"{author} <{author}@users.noreply.localhost>"


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
