"""Large files: kept beside the repository under their sha256, which in the repository a small pointer names."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

_POINTER = re.compile(
    rb"\Aversion https://git-lfs\.github\.com/spec/v1\noid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>\d{1,18})\n\Z"
)
POINTER_SIZES = range(120, 150)
OID = re.compile(r"[0-9a-f]{64}")


class WrongContent(Exception):
    """What was sent is not the file that was announced."""


class Missing(Exception):
    """The file of this name was committed as a pointer, but never uploaded."""


@dataclass(frozen=True)
class Pointer:
    oid: str
    size: int

    @property
    def text(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {self.size}\n".encode()


def pointer(content: bytes) -> Pointer | None:
    found = _POINTER.match(content)
    return Pointer(found["oid"].decode(), int(found["size"])) if found else None


def place(repository: Path, oid: str) -> Path:
    """Where a large file is kept, as git-lfs itself lays it out. Raises ValueError for what is no sha256."""
    if not OID.fullmatch(oid):
        raise ValueError(f"not a sha256: {oid}")
    return repository / "lfs" / "objects" / oid[:2] / oid[2:4] / oid


def holds(repository: Path, wanted: Pointer) -> bool:
    file = place(repository, wanted.oid)
    return file.is_file() and file.stat().st_size == wanted.size


async def receive(repository: Path, wanted: Pointer, chunks: AsyncIterator[bytes]) -> None:
    """Keeps a file once it is whole. Raises WrongContent when it is not the one announced."""
    target = place(repository, wanted.oid)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        part = Path(folder) / "part"
        with part.open("xb") as file:
            async for chunk in chunks:
                size += file.write(chunk)
                digest.update(chunk)
                if size > wanted.size:
                    break
        if (digest.hexdigest(), size) != (wanted.oid, wanted.size):
            raise WrongContent
        part.replace(target)


def fill(repository: Path, folder: Path, files: dict[str, Pointer]) -> None:
    """Puts the large files of a checkout in the place of their pointers. Raises Missing."""
    for path, wanted in files.items():
        if not holds(repository, wanted):
            raise Missing(path)
        shutil.copyfile(place(repository, wanted.oid), folder / path)
