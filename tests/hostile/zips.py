"""Zip archives that nothing is deployed from."""

import os
import stat
import struct
import zipfile

from tests.hostile.packing import Hostile, files, half, noise, zipped


def _nul_in_name() -> bytes:
    return zipped(("aXb", b"x")).replace(b"aXb", b"a\x00b")


def _encrypted() -> bytes:
    packed = bytearray(zipped(("a", b"x")))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def _nameless() -> bytes:
    packed = bytearray(zipped(("a", b"")))
    directory, end = packed.index(b"PK\x01\x02"), packed.index(b"PK\x05\x06")
    packed[directory + 28 : directory + 30] = bytes(2)
    packed[end + 12 : end + 16] = struct.pack("<L", 46)
    del packed[directory + 46]
    return bytes(packed)


def _zip64() -> bytes:
    packed = zipped(("a", b"x"))
    end = packed.rindex(b"PK\x05\x06")
    return packed[:end] + b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1) + packed[end:]


def _two_names() -> bytes:
    """The directory says a harmless name, the entry itself another one."""
    return zipped(("safe", b"x")).replace(b"safe", b"evil", 1)


def _claimed_directory(count: int, size: int | None = None) -> bytes:
    packed = bytearray(zipped(("a", b"x")))
    end = packed.rindex(b"PK\x05\x06")
    packed[end + 8 : end + 12] = struct.pack("<HH", count, count)
    if size is not None:
        packed[end + 12 : end + 16] = struct.pack("<L", size)
    return bytes(packed)


def _overlapping(shift: int = 0) -> bytes:
    """Two entries of the directory for the bytes of one, as in the bombs that unpack a kernel to petabytes."""
    packed = bytearray(zipped(("a", os.urandom(200)), ("b", os.urandom(200)), method=zipfile.ZIP_STORED))
    first = packed.index(b"PK\x01\x02")
    second = packed.index(b"PK\x01\x02", first + 1)
    packed[second + 42 : second + 46] = struct.pack("<L", shift)
    return bytes(packed)


def _quoting() -> bytes:
    """The first entry's data is the whole second entry."""
    packed = bytearray(zipped(("a", b"x"), ("b", b"y" * 300), method=zipfile.ZIP_STORED))
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 20 : directory + 28] = struct.pack("<LL", 300, 300)
    return bytes(packed)


def _zip_special(mode: int, content: bytes = b"/etc/passwd") -> bytes:
    return zipped(("a", content), mode=mode | 0o777)


CORPUS = [
    Hostile("zip: a symlink", lambda: _zip_special(stat.S_IFLNK), "source_has_links", "link"),
    Hostile("zip: a symlink out of the tree", lambda: _zip_special(stat.S_IFLNK, b"../.."), "source_has_links", "link"),
    Hostile("zip: a pipe", lambda: _zip_special(stat.S_IFIFO), "archive_refused", "a pipe"),
    Hostile("zip: a character device", lambda: _zip_special(stat.S_IFCHR), "archive_refused", "a device"),
    Hostile("zip: a disk", lambda: _zip_special(stat.S_IFBLK), "archive_refused", "a device"),
    Hostile("zip: a socket", lambda: _zip_special(stat.S_IFSOCK), "archive_refused", "a device"),
    Hostile("zip: bzip2", lambda: zipped(("a", b"x"), method=zipfile.ZIP_BZIP2), "archive_refused", "deflate"),
    Hostile("zip: lzma", lambda: zipped(("a", b"x"), method=zipfile.ZIP_LZMA), "archive_refused", "deflate"),
    Hostile("zip: encrypted", _encrypted, "archive_refused", "encrypted"),
    Hostile("zip: a name hidden behind a nul", _nul_in_name, "source_path_refused", "control"),
    Hostile("zip: an entry without a name", _nameless, "archive_broken", "damaged"),
    Hostile("zip: two names for one entry", _two_names, "archive_broken", "damaged"),
    Hostile("zip: zip64", _zip64, "archive_refused", "zip64"),
    Hostile("zip: entries that share their bytes", _overlapping, "archive_refused", "laid over"),
    Hostile("zip: entries that share some bytes", lambda: _overlapping(100), "archive_refused", "laid over"),
    Hostile("zip: an entry around another one", _quoting, "archive_refused", "laid over"),
    Hostile("zip: it swells", lambda: zipped(("zeros", bytes(11_000_000))), "archive_ratio", "200 times"),
    Hostile("zip: more than is allowed", lambda: zipped(*noise(4), method=zipfile.ZIP_STORED), "source_too_large", ""),
    Hostile("zip: more files than allowed", lambda: zipped(*files(41)), "source_too_many_files", "more than 40 files"),
    Hostile("zip: a directory of 30,000", lambda: _claimed_directory(30_000), "source_too_many_files", "40 files"),
    Hostile("zip: a directory of gigabytes", lambda: _claimed_directory(1, 2**31), "source_too_large", "larger than"),
    Hostile("zip: cut in half", lambda: half(zipped(("a", os.urandom(10_000)))), "archive_broken", "damaged"),
    Hostile("zip: without its end", lambda: zipped(("a", b"x"))[:-4], "archive_broken", "damaged"),
]
