"""Reading a bare repository: revisions, trees, files, history. Every function blocks."""

import io
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from localhub.git import lfs
from localhub.git.lfs import Pointer
from localhub.git.run import GitError, git

_REVISION = re.compile(r"^(?![-/.])(?!.*\.\.)[\w./-]+$")
_SHA = re.compile(r"^[0-9a-f]{4,40}$")


@dataclass(frozen=True)
class Entry:
    path: str
    kind: str
    """`blob`, `tree`, or `commit` for a submodule."""
    mode: str
    oid: str
    size: int
    """In bytes; of a large file, those of the file and not of its pointer."""
    large: Pointer | None = None

    @property
    def parent(self) -> str:
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent


@dataclass(frozen=True)
class Commit:
    oid: str
    author: str
    when: int
    title: str
    message: str


def resolve(repository: Path, revision: str) -> str | None:
    """The commit a branch, tag, `refs/...` name or (abbreviated) sha stands for."""
    if not _REVISION.match(revision):
        return None
    names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
    names += [revision] if revision.startswith("refs/") or _SHA.match(revision) else []
    for name in names:
        try:
            return git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except GitError:
            continue
    return None


def tip(repository: Path) -> str:
    """The commit at the tip of main. git is not started for it where that can be helped."""
    ref = repository / "refs" / "heads" / "main"
    return ref.read_text().strip() if ref.is_file() else resolve(repository, "main") or ""


@lru_cache(maxsize=64)
def tree(repository: Path, commit: str) -> tuple[Entry, ...]:
    """Every file and folder of a commit, by its full sha: what a commit holds never changes."""
    listing = git(repository, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit).decode(errors="replace")
    entries = []
    for line in filter(None, listing.split("\0")):
        facts, _, path = line.partition("\t")
        mode, kind, oid, size = facts.split()
        entries.append(Entry(path, kind, mode, oid, 0 if size == "-" else int(size)))
    pointers = _pointers(repository, [entry for entry in entries if entry.size in lfs.POINTER_SIZES])
    return tuple(
        replace(entry, large=found, size=found.size) if (found := pointers.get(entry.oid)) else entry
        for entry in entries
    )


def large_files(repository: Path, commit: str) -> dict[str, Pointer]:
    return {item.path: item.large for item in tree(repository, commit) if item.large}


def entry(repository: Path, commit: str, path: str) -> Entry | None:
    return next((item for item in tree(repository, commit) if item.path == path), None)


def content(repository: Path, oid: str) -> bytes:
    return git(repository, "cat-file", "blob", oid)


def text(repository: Path, commit: str, path: str) -> str | None:
    """A file as text, or None when the commit has no such file."""
    found = entry(repository, commit, path)
    return content(repository, found.oid).decode(errors="replace") if found and found.kind == "blob" else None


def history(repository: Path, commit: str, *, limit: int, skip: int = 0) -> list[Commit]:
    form = "%H%x00%an%x00%ct%x00%s%x00%b%x01"
    log = git(repository, "log", f"--format={form}", f"--max-count={limit}", f"--skip={skip}", commit)
    commits = []
    for record in log.decode(errors="replace").split("\x01\n")[:-1]:
        oid, author, when, title, message = record.split("\0")
        commits.append(Commit(oid, author, int(when), title, message.strip()))
    return commits


@lru_cache(maxsize=16)
def last_commits(repository: Path, commit: str) -> dict[str, Commit]:
    """For each file and folder, the commit that changed it last."""
    form = "%x01%H%x00%an%x00%ct%x00%s%x02"
    log = git(repository, "log", f"--format={form}", "--name-only", "-z", "-m", "--first-parent", commit)
    found: dict[str, Commit] = {}
    for record in log.decode(errors="replace").split("\x01")[1:]:
        facts, _, names = record.partition("\x02")
        oid, author, when, title = facts.split("\0")
        for name in filter(None, names.strip("\0\n").split("\0")):
            made = Commit(oid, author, int(when), title, "")
            for path in (name, *map(str, PurePosixPath(name).parents)):
                found.setdefault(path, made)
    return found


def count(repository: Path, commit: str) -> int:
    return int(git(repository, "rev-list", "--count", commit))


def refs(repository: Path) -> list[tuple[str, str]]:
    """Full ref name and the commit it points to."""
    listing = git(repository, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)").decode()
    pairs = [line.split() for line in listing.splitlines()]
    return [(parts[0], parts[-1]) for parts in pairs]


def _pointers(repository: Path, blobs: list[Entry]) -> dict[str, Pointer]:
    """Those of the blobs that stand for a large file, read in one go."""
    if not blobs:
        return {}
    names = "".join(f"{blob.oid}\n" for blob in blobs).encode()
    stream = io.BytesIO(git(repository, "cat-file", "--batch", data=names))
    found = {}
    for blob in blobs:
        stream.readline()
        if pointer := lfs.pointer(stream.read(blob.size)):
            found[blob.oid] = pointer
        stream.read(1)
    return found
