"""Reading a zip: stored and deflated files, nothing exotic."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from spaceport import errors
from spaceport.sources import entries, files
from spaceport.sources.entries import Entry
from spaceport.sources.limits import Limits

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_LONGEST_END = 22 + 65535
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def read(file: BinaryIO, limits: Limits) -> Iterator[Entry]:
    """Raises zipfile.BadZipFile and others over damaged input, Invalid over entries that are not plain."""
    _check_directory(file, limits)
    with zipfile.ZipFile(file) as archive:
        _check_overlaps(archive.infolist())
        for info in archive.infolist():
            _check(info)
            if info.is_dir():
                yield Entry(info.orig_filename, None)
                continue
            with archive.open(info) as content:
                yield Entry(info.orig_filename, content)


def _check_directory(file: BinaryIO, limits: Limits) -> None:
    """Before zipfile makes an object of every entry: 46 bytes can claim one."""
    start = max(0, file.seek(0, io.SEEK_END) - _LONGEST_END)
    file.seek(start)
    tail = file.read()
    if _END_64 in tail:
        raise _needless_zip64()
    found = tail.rfind(_END)
    if found < 0 or len(tail) < found + 22:
        raise zipfile.BadZipFile("no end record")
    count, size = struct.unpack_from("<HI", tail, found + 10)
    files.check_totals(count, 0, limits)
    if size > limits.files * (46 + limits.path_bytes):
        raise files.too_large(limits)
    file.seek(0)


def _check_overlaps(infos: list[zipfile.ZipInfo]) -> None:
    """Entries that share their bytes unpack to any size. Only some versions of zipfile notice it by themselves."""
    end = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise entries.refused(info.orig_filename, "laid over another one")
        end = info.header_offset + 30 + info.compress_size


def _needless_zip64() -> errors.Invalid:
    return errors.Invalid(
        "The archive is in the zip64 format, which nothing within the limits needs.",
        code="archive_refused",
        fix="Make it again as an ordinary .zip, from a file and not from a pipe, or as .tar.gz.",
    )


def _check(info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise files.has_links(info.orig_filename)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise entries.refused(info.orig_filename, "a device or a pipe")
    if info.flag_bits & _ENCRYPTED:
        raise entries.refused(info.orig_filename, "encrypted")
    if info.compress_type not in _METHODS:
        raise entries.refused(info.orig_filename, "compressed in a way other than deflate")
