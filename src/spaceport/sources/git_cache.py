"""Fetched commits, each kept for a while as a bare repository, so that one clone serves every space of a monorepo.

    <folder>/<name of the commit>/repository     complete: it is moved there as the last step
    <folder>/<name of the commit>/.fetch-…       somebody is at it, or died there

A commit's folder is locked with `flock`: shared while it is read, exclusively while it is made or thrown away. The
locks hold between threads and between processes, and end with the process that has them.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from spaceport.sources.commands import Guard
from spaceport.sources.git_repository import GitFailed, Repository

MAX_AGE = 3600.0
MAX_BYTES = 2_000_000_000
_LOOK_EVERY = 0.1

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Cache:
    """`reader` stands for who may read what is kept, and nobody can guess it: others find nothing here."""

    folder: Path
    reader: str

    @contextlib.contextmanager
    def repository(
        self, url: str, revision: str, guard: Guard, fetch: Callable[[Repository], None]
    ) -> Iterator[Repository]:
        """The repository with that commit, to read from under `guard`; `fetch` fills one when there is none.

        Of all who ask at the same time one fetches, and the others wait. Raises what `fetch` and the guard raise.
        """
        place = self.folder / hashlib.sha256(f"{self.reader}\n{url}\n{revision}".encode()).hexdigest()
        with self._kept(place, guard, fetch):
            try:
                yield Repository(guard, place / "repository")
            except GitFailed:
                # Damaged, as by a power cut: whoever comes next fetches it anew, and that is `again`.
                _discard(place)
                raise

    @contextlib.contextmanager
    def _kept(self, place: Path, guard: Guard, fetch: Callable[[Repository], None]) -> Iterator[None]:
        """The place is complete and stays so within the block."""
        while True:
            with _made(place, guard) as descriptor:
                if _lock(place, descriptor, fcntl.LOCK_SH) and (place / "repository").exists():
                    yield
                    return
                if _lock(place, descriptor, fcntl.LOCK_EX) and not (place / "repository").exists():
                    _fill(place, guard, fetch)
                    prune(self.folder)
                    continue
            guard.check()
            time.sleep(_LOOK_EVERY)


def again(use: Callable[[], Answer]) -> Answer:
    """Once more where Git fails: what was kept may have been damaged, and is thrown away by then."""
    try:
        return use()
    except GitFailed:
        return use()


def prune(folder: Path, *, max_age: float = MAX_AGE, max_bytes: int = MAX_BYTES) -> None:
    """Throw away what a crash left, what was fetched more than `max_age` seconds ago, and the oldest past the size."""
    if not folder.exists():
        return
    now, total = time.time(), 0
    for place, fetched_at in sorted(_places(folder), key=lambda found: found[1], reverse=True):
        total += _bytes(place)
        complete = (place / "repository").exists()
        if complete and now - fetched_at < max_age and total <= max_bytes:
            continue
        # One that is in use, or being made, is locked.
        with contextlib.suppress(FileNotFoundError), _opened(place) as descriptor:
            if _lock(place, descriptor, fcntl.LOCK_EX):
                _discard(place)


def _fill(place: Path, guard: Guard, fetch: Callable[[Repository], None]) -> None:
    for left in place.iterdir():
        shutil.rmtree(left)
    try:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=place) as scratch:
            repository = Repository.create(Guard(Path(scratch), guard.limits, guard.cancelled, guard.started))
            fetch(repository)
            repository.path.rename(place / "repository")
    except BaseException:
        _discard(place)
        raise


def _discard(place: Path) -> None:
    """Out of sight at once, also of those who wait for its lock; then off the disk."""
    gone = place.with_name(f".gone-{secrets.token_hex(8)}")
    with contextlib.suppress(FileNotFoundError):
        place.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


@contextlib.contextmanager
def _made(place: Path, guard: Guard) -> Iterator[int]:
    """Opened, and made before that if it is not there; others throw it away at any moment, also between the two."""
    while True:
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = _open(place)
            break
        guard.check()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(place: Path) -> Iterator[int]:
    descriptor = _open(place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(place: Path) -> int:
    return os.open(place, os.O_RDONLY | os.O_DIRECTORY)


def _lock(place: Path, descriptor: int, how: int) -> bool:
    """Whether it was free, and is still the folder of that name."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        return place.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _places(folder: Path) -> Iterator[tuple[Path, float]]:
    for place in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield place, place.stat().st_mtime


def _bytes(place: Path) -> int:
    total = 0
    for parent, _, names in os.walk(place):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(parent) / name).lstat().st_size
    return total
