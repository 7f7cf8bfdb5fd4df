"""Looking at a fetched folder. Links are refused: what they lead to is not part of the source."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from spaceport import errors
from spaceport.sources import rules
from spaceport.sources.limits import DEFAULT, Limits

_LFS_HEADER = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_LONGEST = 1024


def manifest(folder: Path, *, limits: Limits = DEFAULT) -> list[tuple[str, int]]:
    """Every file as (path relative to `folder` with slashes, bytes), sorted by path.

    Raises errors.Invalid for links, devices and refused names, errors.TooLarge past the limits.
    """
    found: list[tuple[str, int]] = []
    total = 0
    for path, status in _walk(folder, "", limits):
        rules.path(path, limits=limits)
        total += status.st_size
        found.append((path, status.st_size))
        check_totals(len(found), total, limits)
    return sorted(found)


def select(root: Path, folder: str) -> Path:
    """The source's folder inside what was unpacked. Raises errors.Invalid(code="folder_not_found")."""
    chosen = root / rules.folder(folder)
    if chosen.is_symlink() or not chosen.is_dir():
        raise folder_not_found(folder, sorted(entry.name for entry in root.iterdir() if entry.is_dir()))
    return chosen


def lfs_pointers(folder: Path, manifest: list[tuple[str, int]]) -> tuple[str, ...]:
    """The files that are Git LFS pointers instead of the content they stand for."""
    small = (path for path, size in manifest if len(_LFS_HEADER) < size < _LFS_LONGEST)
    return tuple(path for path in small if _begins_as_pointer(folder / path))


def check_totals(files: int, total: int, limits: Limits) -> None:
    """Raises errors.TooLarge with the limit that was passed."""
    if files > limits.files:
        raise errors.TooLarge(
            f"The source has more than {limits.files:,} files.",
            code="source_too_many_files",
            fix="Choose a sub-folder, or keep data sets and build output out of the source.",
        )
    if total > limits.total_bytes:
        raise too_large(limits)


def too_large(limits: Limits) -> errors.TooLarge:
    return errors.TooLarge(
        f"The source is larger than {limits.total_bytes / 1e6:,.0f} MB.",
        code="source_too_large",
        fix="Keep models and data sets in their own Hub repositories and load them at run time.",
    )


def has_links(path: str) -> errors.Invalid:
    return errors.Invalid(
        f"The source contains a link: {path!r}.",
        code="source_has_links",
        fix="Replace the link by the file itself, or choose a folder of the source without it.",
    )


def folder_not_found(folder: str, present: list[str]) -> errors.Invalid:
    listed = ", ".join(present[:10]) or "none"
    return errors.Invalid(
        f"The source has no folder {folder!r}.",
        code="folder_not_found",
        fix=f"Its top-level folders are: {listed}.",
    )


def _walk(folder: Path, prefix: str, limits: Limits) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path, status = prefix + entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                rules.path(path, limits=limits)
                yield from _walk(folder / entry.name, f"{path}/", limits)
            elif stat.S_ISREG(status.st_mode):
                yield path, status
            else:
                raise has_links(path)


def _begins_as_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_LFS_HEADER)) == _LFS_HEADER
