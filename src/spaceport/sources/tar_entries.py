"""Reading a tar forward, once, believing none of its sizes."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from spaceport.sources import entries, files
from spaceport.sources.entries import Entry
from spaceport.sources.limits import Limits

_CHUNK = 65536
# A long-name or pax header is read into memory whole; an honest one is a few kilobytes.
_LARGEST_READ = 1_000_000
# Header, pax header and padding of one member.
_OVERHEAD_BYTES = 8192


def read(file: BinaryIO, limits: Limits) -> Iterator[Entry]:
    """Raises tarfile.TarError and others over damaged input, Invalid over members that are not plain."""
    stream = _Bounded(file, limits)
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:", encoding="utf-8") as tar:
        for member in tar:
            yield _entry(tar, member)
    if stream.last.strip(b"\0"):
        # tarfile takes a damaged header for the end of the archive; the files after it would be missing.
        raise tarfile.ReadError("garbage instead of a header")
    while stream.read(_CHUNK):
        pass  # to the end, where gzip compares its checksum


def read_gzipped(file: BinaryIO, limits: Limits) -> Iterator[Entry]:
    with gzip.GzipFile(fileobj=file) as unpacked:
        yield from read(cast("BinaryIO", unpacked), limits)


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    if member.issym() or member.islnk():
        raise files.has_links(member.name)
    if member.isdir():
        return Entry(member.name, None)
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise entries.refused(member.name, "a device, a pipe or a sparse file")
    return Entry(member.name, tar.extractfile(member))


class _Bounded:
    """The part of a file object that tarfile needs, ending where the limits do."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._end = limits.total_bytes + limits.files * _OVERHEAD_BYTES
        self.last = b""

    def read(self, size: int) -> bytes:
        if size > _LARGEST_READ:
            raise tarfile.ReadError("a header of more than 1 MB")
        self.last = self._file.read(size)
        self._check(self._file.tell())
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        # Before the seek: to skip in a gzip stream is to unpack it.
        self._check(offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > self._end:
            raise files.too_large(self._limits)
