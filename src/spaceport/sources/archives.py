"""Unpacking an uploaded archive: zip, tar and tar.gz, told apart by their bytes and not by a file name.

The tree is kept as it is, a single top-level folder included: the source's `folder` selects inside it. `.git`
and macOS's `__MACOSX` are left out. Files get mode 0644 (less under a strict umask): the Hub keeps none.
"""

import errno
import gzip
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from spaceport import errors
from spaceport.sources import files, rules, tar_entries, zip_entries
from spaceport.sources.entries import Entry
from spaceport.sources.limits import DEFAULT, Limits

Kind = Literal["zip", "tar", "tar.gz"]

_READERS: Mapping[Kind, Callable[[BinaryIO, Limits], Iterator[Entry]]] = {
    "zip": zip_entries.read,
    "tar": tar_entries.read,
    "tar.gz": tar_entries.read_gzipped,
}
_HEAD_BYTES = 262
_CHUNK = 65536
_LEFT_OUT = {".git", "__macosx"}
_RATIO_FROM = 10_000_000
# What the standard library raises over damaged or hostile input.
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    RecursionError,
    ValueError,
)


def kind(head: bytes) -> Kind:
    """By the magic number in the first bytes. Raises Invalid(code="archive_unknown") for anything else."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "tar.gz"
    if head[257:262] == b"ustar":
        return "tar"
    raise errors.Invalid(
        "The upload is not a zip, tar or tar.gz archive.", code="archive_unknown", fix="Upload a .zip or .tar.gz."
    )


def unpack(archive: Path, into: Path, *, limits: Limits = DEFAULT) -> None:
    """Write the archive's files into `into`, which must be empty or not exist.

    Sizes are counted as they come out; what a header claims is not believed. After an error `into` may hold a
    part of the files: throw it away.

    Raises Invalid (archive_unknown, archive_broken, archive_refused, source_path_refused, source_has_links)
    or TooLarge (source_too_large, source_too_many_files, archive_ratio).
    """
    into.mkdir(parents=True, exist_ok=True)
    unpacking = _Unpacking(into, archive.stat().st_size, limits)
    try:
        with archive.open("rb") as file:
            for entry in _entries(file, limits):
                unpacking.take(entry)
    except _BROKEN as error:
        raise _broken() from error
    except OSError as error:
        # A damaged zip sends the reader to before the file's start; anything else is our own disk's trouble.
        if error.errno != errno.EINVAL:
            raise
        raise _broken() from error


def _entries(file: BinaryIO, limits: Limits) -> Iterator[Entry]:
    found = kind(file.read(_HEAD_BYTES))
    file.seek(0)
    return _READERS[found](file, limits)


@dataclass(slots=True)
class _Unpacking:
    """What has come out so far."""

    into: Path
    packed: int
    limits: Limits
    count: int = 0
    total: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        self.count += 1
        self._check()
        if _LEFT_OUT.intersection(part.lower() for part in PurePosixPath(entry.name).parts):
            return
        if entry.content is None:
            # Folders come with their files; the Hub, like Git, knows no empty ones. "./" is the root itself.
            if PurePosixPath(entry.name).parts:
                self._remember(rules.path(entry.name, limits=self.limits), entry.name)
            return
        path = rules.path(entry.name, limits=self.limits)
        self._remember(path, entry.name)
        self._write(self.into / path, entry)

    def _remember(self, path: PurePosixPath, name: str) -> None:
        """What is one name on one disk and two on another is refused on all of them. Folders on the way count too."""
        for part in (*reversed(path.parents[:-1]), path):
            folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(part)).casefold())
            known = self.names.setdefault(folded, str(part))
            if known != str(part):
                raise _collides(name, known)
        files.check_totals(len(self.names), self.total, self.limits)

    def _write(self, path: Path, entry: Entry) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        except (FileExistsError, NotADirectoryError):
            raise _twice(entry.name) from None
        with file:
            assert entry.content is not None
            while chunk := entry.content.read(_CHUNK):
                self.total += len(chunk)
                self._check()
                file.write(chunk)

    def _check(self) -> None:
        files.check_totals(self.count, self.total, self.limits)
        if self.total > _RATIO_FROM and self.total > self.packed * self.limits.ratio:
            raise errors.TooLarge(
                f"The archive unpacks to more than {self.limits.ratio} times its size.",
                code="archive_ratio",
                fix="Leave generated files out; they can be made when the Space is built.",
            )


def _twice(name: str) -> errors.Invalid:
    return errors.Invalid(
        f"The archive has two entries for {name!r}.",
        code="archive_refused",
        fix="Make the archive again, with each file once.",
    )


def _collides(name: str, known: str) -> errors.Invalid:
    return errors.Invalid(
        f"The archive's names {known!r} and {name!r} differ in case or Unicode form only.",
        code="archive_refused",
        fix="Rename one of them: many disks cannot keep both.",
    )


def _broken() -> errors.Invalid:
    return errors.Invalid(
        "The archive is damaged or uses a feature that is not supported.",
        code="archive_broken",
        fix="Make it again as an ordinary .zip or .tar.gz.",
    )
