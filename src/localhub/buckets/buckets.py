"""All buckets of one localhub. Each is a plain folder: what an app or a job writes there is what the API shows."""

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from localhub import clock
from localhub.buckets import xet
from localhub.buckets.lz4 import Malformed
from localhub.buckets.xet import Part
from localhub.spaces.store import Store

HASH = re.compile(r"[0-9a-f]{64}")
LONGEST_PATH = 1000


class Refused(Exception):
    """The message says why a file was not written."""


@dataclass
class Bucket:
    owner: str
    name: str
    private: bool
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created_at: str = field(default_factory=clock.now)

    @property
    def repo_id(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True)
class File:
    path: str
    size: int
    mtime_ns: int
    hash: str
    """Changes with the content, but is not the one it was sent under: an app may have written it."""


class Buckets:
    def __init__(self, data: Path, store: Store) -> None:
        self._data = data
        self._store = store
        self._buckets = {bucket.id: bucket for bucket in (Bucket(**facts) for facts in store.buckets())}

    def find(self, repo_id: str) -> Bucket | None:
        return next((bucket for bucket in self._buckets.values() if bucket.repo_id == repo_id), None)

    def by_id(self, bucket_id: str) -> Bucket | None:
        return self._buckets.get(bucket_id)

    def of(self, owner: str) -> list[Bucket]:
        return [bucket for bucket in self._buckets.values() if bucket.owner == owner]

    def create(self, repo_id: str, *, private: bool) -> Bucket:
        owner, _, name = repo_id.partition("/")
        bucket = Bucket(owner, name, private)
        self._buckets[bucket.id] = bucket
        self.save(bucket)
        self.folder(bucket).mkdir(parents=True, exist_ok=True)
        return bucket

    def save(self, bucket: Bucket) -> None:
        self._store.save_bucket(asdict(bucket))

    def remove(self, bucket: Bucket) -> None:
        """It is gone at once; its files are still there for `discard`."""
        del self._buckets[bucket.id]
        self._store.remove_bucket(bucket.id)

    def discard(self, bucket: Bucket) -> None:
        shutil.rmtree(self.folder(bucket), ignore_errors=True)
        shutil.rmtree(self._sent(bucket), ignore_errors=True)

    def folder(self, bucket: Bucket) -> Path:
        return self._data / "buckets" / bucket.owner / bucket.name

    def files(self, bucket: Bucket) -> list[File]:
        """By path. Links are left out: an app may have made one that leads anywhere."""
        root = self.folder(bucket)
        paths = (Path(place, name) for place, _folders, names in os.walk(root) for name in names)
        found = (_file(bucket, root, path) for path in paths)
        return sorted((file for file in found if file), key=lambda file: file.path)

    def place(self, bucket: Bucket, file: File) -> Path:
        """Raises Refused when it has become something else meanwhile."""
        return _inside(self.folder(bucket), file.path)

    def read(self, bucket: Bucket, file: File, start: int, end: int) -> bytes:
        with self.place(bucket, file).open("rb") as content:
            content.seek(start)
            return content.read(end - start)

    def take_xorb(self, bucket: Bucket, name: str, content: bytes) -> bool:
        """Keeps chunks for the files that will be made of them. False when they are known already."""
        file = self._sent(bucket) / "xorbs" / name
        if file.exists():
            return False
        _write(file, [content])
        return True

    def take_shard(self, bucket: Bucket, shard: bytes) -> None:
        """Keeps what each file is made of. Raises Malformed, also when chunks are missing."""
        for name, parts in xet.files(shard).items():
            if missing := [part.xorb for part in parts if not (self._sent(bucket) / "xorbs" / part.xorb).exists()]:
                raise Malformed(f"the xorb {missing[0]} was not uploaded")
            _write(self._sent(bucket) / "files" / name, [json.dumps(parts).encode()])

    def put(self, bucket: Bucket, path: str, name: str, mtime: float) -> None:
        """Writes the file that was sent under this hash. `mtime` is in seconds. Raises Refused."""
        known = self._sent(bucket) / "files" / name
        if name != xet.EMPTY and not known.exists():
            raise Refused("no file of this xetHash was uploaded")
        parts = [Part(*part) for part in json.loads(known.read_bytes())] if name != xet.EMPTY else []
        try:
            target = _inside(self.folder(bucket), path)
            _write(target, self._content(bucket, parts))
            os.utime(target, (mtime, mtime))
        except (Malformed, OSError) as error:
            raise Refused(f"it cannot be written: {error}") from error

    def delete(self, bucket: Bucket, path: str) -> None:
        """Also the folders this leaves empty: a bucket has none. Raises Refused."""
        root = self.folder(bucket)
        file = _inside(root, path)
        if not file.is_file():
            raise Refused("there is no such file")
        file.unlink()
        for folder in file.parents:
            if folder == root.resolve() or any(folder.iterdir()):
                return
            folder.rmdir()

    def _content(self, bucket: Bucket, parts: list[Part]) -> Iterator[bytes]:
        for part in parts:
            xorb = (self._sent(bucket) / "xorbs" / part.xorb).read_bytes()
            yield from xet.chunks(xorb, part.start, part.end)

    def _sent(self, bucket: Bucket) -> Path:
        return self._data / "xet" / bucket.id


def _inside(root: Path, path: str) -> Path:
    """Raises Refused for a path that leads out, be it through a link."""
    parts = path.split("/")
    if "\0" in path or len(path) > LONGEST_PATH or not all(parts) or {".", ".."} & set(parts):
        raise Refused("this is not a path inside a bucket")
    place = root.joinpath(*parts)
    if place.is_symlink() or not place.parent.resolve().is_relative_to(root.resolve()):
        raise Refused("this path leads out of the bucket")
    return place.parent.resolve() / place.name


def _file(bucket: Bucket, root: Path, path: Path) -> File | None:
    """None for a link, for anything else that is no file, and for what an app has removed meanwhile."""
    try:
        facts = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    # A name that is no text has none in the API either; it is shown, but not found.
    name = str(PurePosixPath(path.relative_to(root))).encode(errors="replace").decode()
    digest = hashlib.sha256(f"{bucket.id}/{facts.st_size}/{facts.st_mtime_ns}/{name}".encode())
    return File(name, facts.st_size, facts.st_mtime_ns, digest.hexdigest())


def _write(target: Path, pieces: Iterable[bytes]) -> None:
    """Whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.writelines(pieces)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
