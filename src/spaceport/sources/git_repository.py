"""The bare repository a fetch lands in: listing a commit before a byte of it is written, then writing it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from spaceport.sources import commands, files, git_environment, rules
from spaceport.sources.commands import Guard

_CHUNK = 65536
_LINK, _SUBMODULE = b"120000", b"160000"
# Above every .gitattributes of the source: nothing is converted on the way out.
_AS_COMMITTED = "* -text !eol !ident !filter !working-tree-encoding\n"
_NO_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_AUTHOR_LENGTH, _MESSAGE_LENGTH = 200, 2000


class GitFailed(Exception):
    """Git ended with an error. `stderr` may hold the token; it is for git_failures alone."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__("git failed")
        self.status = status
        self.stderr = stderr


class Commit(NamedTuple):
    author: str | None
    message: str | None
    committed_at: datetime | None


@dataclass(slots=True)
class Listing:
    """What a commit's folder holds, within the limits."""

    files: list[tuple[str, int]] = field(default_factory=list)
    submodules: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Repository:
    """Every command runs under the guard, in its folder; the repository may lie elsewhere."""

    guard: Guard
    path: Path

    @classmethod
    def create(cls, guard: Guard) -> "Repository":
        """A new one in the guarded folder."""
        repository = cls(guard, guard.folder / "repository")
        repository.run("init", "--quiet", "--bare", "--template=", str(repository.path))
        attributes = repository.path / "info" / "attributes"
        attributes.parent.mkdir()
        attributes.write_text(_AS_COMMITTED)
        return repository

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Standard output as text. Raises GitFailed, and what the guard raises."""
        return self._run(*arguments, variables=variables).read_text(errors="replace")

    def list(self, revision: str, folder: str) -> Listing:
        """Raises Invalid (folder_not_found, source_has_links, source_path_refused) or TooLarge."""
        self._find(revision, folder)
        listing, total = Listing(), 0
        listed = self._run("ls-tree", "-r", "-l", "-z", f"{revision}:{folder}")
        for mode, size, path in _entries(listed):
            rules.path(path, limits=self.guard.limits)
            if mode == _LINK:
                raise files.has_links(path)
            if mode == _SUBMODULE:
                listing.submodules.append(path)
                continue
            listing.files.append((path, size))
            total += size
            files.check_totals(len(listing.files) + len(listing.submodules), total, self.guard.limits)
        return listing

    def write(self, revision: str, folder: str, into: Path) -> None:
        """The listed files as they were committed, into the empty folder `into`."""
        # An index of its own: others may be reading the same repository.
        index = {"GIT_INDEX_FILE": str(self.guard.folder / "index")}
        self.run("read-tree", f"{revision}:{folder}", variables=index)
        self.run("checkout-index", "--all", "--quiet", variables=index | {"GIT_WORK_TREE": str(into.resolve())})

    def describe(self, revision: str) -> Commit:
        said = self.run("log", "-1", "--no-show-signature", "--format=%ct%x00%an%x00%B", revision)
        time, author, message = said.split("\0", 2)
        return Commit(_text(author, _AUTHOR_LENGTH), _text(message, _MESSAGE_LENGTH), _moment(time))

    def _find(self, revision: str, folder: str) -> None:
        try:
            kind = self.run("cat-file", "-t", f"{revision}:{folder}").strip()
        except GitFailed:
            kind = "nothing"
        if kind != "tree":
            top = self.run("ls-tree", "-d", "-z", "--name-only", revision)
            raise files.folder_not_found(folder, [name for name in top.split("\0") if name.isprintable() and name])

    def _run(self, *arguments: str, variables: Mapping[str, str] | None = None) -> Path:
        stdout = self.guard.folder / f"{arguments[0]}.out"
        status, stderr = commands.run(
            [git_environment.executable(), *arguments],
            env={**git_environment.offline(self.path), **(variables or {})},
            guard=self.guard,
            stdout=stdout,
        )
        if status != 0:
            raise GitFailed(status, stderr)
        return stdout


def _entries(listed: Path) -> Iterator[tuple[bytes, int, str]]:
    """Mode, size and path of `ls-tree -l -z` records, piece by piece: a hostile tree lists without end."""
    with listed.open("rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            *records, rest = (rest + chunk).split(b"\0")
            for record in records:
                about, _, path = record.partition(b"\t")
                mode, _, _, size = about.split()
                yield mode, 0 if size == b"-" else int(size), path.decode(errors="surrogateescape")


def _text(said: str, longest: int) -> str | None:
    return _NO_TEXT.sub("", said).strip()[:longest] or None


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None  # Git keeps whatever number the author's clock or a joker wrote
