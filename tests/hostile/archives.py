"""Archives that nothing is deployed from: what each does, its bytes, and the code and words that it is refused with.

The limits that some of them pass are LIMITS, small so that the corpus stays fast; the real ones are in
`spaceport.sources.limits`.
"""

import gzip
import io
import os
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from spaceport.sources.limits import DEFAULT

LIMITS = replace(DEFAULT, files=40, total_bytes=30_000_000)


class Hostile(NamedTuple):
    what: str
    make: Callable[[], bytes]
    code: str
    reason: str


def tar(*members: tuple[str, bytes], mode: str = "w:gz", **extra: object) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in extra.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def zipped(*members: tuple[str, bytes], mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return made.getvalue()


# Names that are refused in every format.
NAMES = [
    ("an absolute path", "/etc/passwd", "absolute"),
    ("an absolute path of two slashes", "//etc/passwd", "absolute"),
    ("a way up", "../x", "contains .."),
    ("a way up from inside", "a/../../x", "contains .."),
    ("a way up behind many folders", "a/b/c/../../../../x", "contains .."),
    ("a name that ends in a way up", "a/..", "contains .."),
    ("a Windows path", "a\\b", "backslash"),
    ("a Windows way up", "..\\x", "backslash"),
    ("a Windows share", "\\\\server\\share\\x", "backslash"),
    ("a Windows device path", "\\\\?\\C:\\x", "backslash"),
    ("a drive letter", "C:/Windows/x", "drive letter"),
    ("a drive letter without a slash", "c:x", "drive letter"),
    ("a line break", "a\nb", "control"),
    ("an escape sequence", "a\x1b[31mb", "control"),
    ("a delete character", "a\x7fb", "control"),
    ("a line separator", "a\u2028b", "control"),
    ("Git's folder as Windows reads it", "x/git~1/config", ".git"),
    ("Git's folder with a dot behind", ".git./config", ".git"),
    ("Git's folder with a blank behind", ".git /hooks/pre-push", ".git"),
    ("Git's folder as macOS reads it", ".g\u200cit/config", ".git"),
    ("Git's folder as a stream of NTFS", ".git::$INDEX_ALLOCATION/config", ".git"),
    ("too many folders", "/".join("a" * 33), "deep"),
    ("a component too long for a disk", "a" * 256, "longer than 255"),
    ("a path too long", "/".join(["a" * 200] * 6), "longer than 1024"),
]

# Several names that cannot all be on one disk.
TOGETHER = [
    ("the same name twice", ("a", "a"), "two entries"),
    ("the same name with a dot", ("a", "./a"), "two entries"),
    ("a file that is a folder too", ("a", "a/b"), "two entries"),
    ("a folder that is a file too", ("a/b", "a"), "two entries"),
    ("names that differ in case", ("README", "readme"), "differ in case"),
    ("folders that differ in case", ("App/a", "app/b"), "differ in case"),
    ("names that differ in Unicode form", ("\u00e9", "e\u0301"), "Unicode form"),
    ("names that differ in case and form", ("\u00c9", "e\u0301"), "Unicode form"),
    ("sharp s and its capitals", ("stra\u00dfe", "STRASSE"), "differ in case"),
    ("the Kelvin sign", ("\u212a", "k"), "differ in case"),
]

FORMATS: dict[str, Callable[..., bytes]] = {"tar": lambda *members: tar(*members, mode="w"), "zip": zipped}


def _pax(name: str = "a", content: bytes = b"x", **headers: str) -> bytes:
    return tar((name, content), pax_headers=headers)


def _global_pax(**headers: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return made.getvalue()


def _claims(size: int) -> bytes:
    packed = bytearray(tar(("a", b"x"), ("b", b"x"), mode="w"))
    info = tarfile.TarInfo("a")
    info.size = size
    packed[:512] = info.tobuf(tarfile.GNU_FORMAT)
    return bytes(packed)


def _header_chain() -> bytes:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    return header.tobuf() * 5000 + bytes(1024)


def _damaged_header() -> bytes:
    packed = bytearray(tar(("a", b"x"), ("b", b"y"), mode="w"))
    packed[1024:1030] = b"broken"
    return bytes(packed)


def _wrong_checksum() -> bytes:
    packed = bytearray(tar(("a", b"x" * 100)))
    packed[-8] ^= 0xFF
    return bytes(packed)


def _cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


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


def _links(kind: bytes, target: str) -> bytes:
    return tar(("a", b""), type=kind, linkname=target)


def _zip_special(mode: int, content: bytes = b"/etc/passwd") -> bytes:
    return zipped(("a", content), mode=mode | 0o777)


ONE_BY_ONE = [
    Hostile(
        "tar: a symlink to a file of ours", lambda: _links(tarfile.SYMTYPE, "/etc/passwd"), "source_has_links", "link"
    ),
    Hostile("tar: a symlink out of the tree", lambda: _links(tarfile.SYMTYPE, "../../x"), "source_has_links", "link"),
    Hostile("tar: a symlink inside the tree", lambda: _links(tarfile.SYMTYPE, "b"), "source_has_links", "link"),
    Hostile(
        "tar: a hardlink to a file of ours", lambda: _links(tarfile.LNKTYPE, "/etc/shadow"), "source_has_links", "link"
    ),
    Hostile("tar: a hardlink out of the tree", lambda: _links(tarfile.LNKTYPE, "../x"), "source_has_links", "link"),
    Hostile("tar: a character device", lambda: _links(tarfile.CHRTYPE, ""), "archive_refused", "a device"),
    Hostile("tar: a disk", lambda: _links(tarfile.BLKTYPE, ""), "archive_refused", "a device"),
    Hostile("tar: a pipe", lambda: _links(tarfile.FIFOTYPE, ""), "archive_refused", "a pipe"),
    Hostile("tar: a contiguous file", lambda: _links(tarfile.CONTTYPE, ""), "archive_refused", "a device"),
    Hostile("tar: a kind nobody knows", lambda: _links(b"Z", ""), "archive_refused", "a device"),
    Hostile(
        "tar: a sparse file",
        lambda: tar(
            ("a", b"x"),
            pax_headers={
                "GNU.sparse.major": "0",
                "GNU.sparse.minor": "1",
                "GNU.sparse.map": "0,1",
                "GNU.sparse.size": "9999",
            },
        ),
        "archive_refused",
        "sparse",
    ),
    Hostile("tar: a name that is not UTF-8", lambda: tar(("a\udcff", b"x")), "source_path_refused", "UTF-8"),
    Hostile("tar: a pax path out of the tree", lambda: _pax(path="../../x"), "source_path_refused", "contains .."),
    Hostile("tar: an absolute pax path", lambda: _pax(path="/etc/cron.d/x"), "source_path_refused", "absolute"),
    Hostile("tar: a pax path of another name", lambda: _pax(path="a\\..\\x"), "source_path_refused", "backslash"),
    Hostile("tar: a pax path for all that follows", lambda: _global_pax(path="../x"), "source_path_refused", ".."),
    Hostile("tar: a pax size below nothing", lambda: _pax(size="-1"), "archive_broken", "damaged"),
    Hostile("tar: a pax size that is no number", lambda: _pax(size="many"), "archive_broken", "damaged"),
    Hostile("tar: a pax header of megabytes", lambda: _pax(comment="x" * 2_000_000), "archive_broken", "damaged"),
    Hostile("tar: headers without end", _header_chain, "archive_broken", "damaged"),
    Hostile("tar: a size that nothing can have", lambda: _claims(10**13), "archive_broken", "damaged"),
    Hostile("tar: a damaged header in the middle", _damaged_header, "archive_broken", "damaged"),
    Hostile("tar.gz: a wrong checksum", _wrong_checksum, "archive_broken", "damaged"),
    Hostile("tar.gz: cut in half", lambda: _cut(tar(("a", os.urandom(10_000)))), "archive_broken", "damaged"),
    Hostile("tar: cut in half", lambda: _cut(tar(("a", os.urandom(30_000)), mode="w")), "archive_broken", "damaged"),
    Hostile("tar.gz: gzip in gzip", lambda: gzip.compress(tar(("a", b"x"))), "archive_broken", "damaged"),
    Hostile("tar.gz: no tar inside", lambda: gzip.compress(b"hello" * 1000), "archive_broken", "damaged"),
    Hostile("tar.gz: it swells", lambda: tar(("zeros", bytes(11_000_000))), "archive_ratio", "200 times"),
    Hostile("tar: more than is allowed", lambda: tar(*_bytes(4), mode="w"), "source_too_large", "larger than"),
    Hostile("tar: more files than allowed", lambda: tar(*_files(41)), "source_too_many_files", "more than 40 files"),
    Hostile(
        "tar: more folders than allowed",
        lambda: tar(*_files(41), type=tarfile.DIRTYPE),
        "source_too_many_files",
        "more than 40 files",
    ),
    Hostile(
        "tar: few files in more folders than allowed",
        lambda: tar(*((f"{n}/" + "/".join("abcdefghij"), b"") for n in range(5))),
        "source_too_many_files",
        "more than 40 files",
    ),
    Hostile(
        "tar: a swelling part that would be left out",
        lambda: tar((".git/zeros", bytes(31_000_000))),
        "source_too_large",
        "larger than",
    ),
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
    Hostile("zip: more than is allowed", lambda: zipped(*_bytes(4), method=zipfile.ZIP_STORED), "source_too_large", ""),
    Hostile("zip: more files than allowed", lambda: zipped(*_files(41)), "source_too_many_files", "more than 40 files"),
    Hostile("zip: a directory of 30,000", lambda: _claimed_directory(30_000), "source_too_many_files", "40 files"),
    Hostile("zip: a directory of gigabytes", lambda: _claimed_directory(1, 2**31), "source_too_large", "larger than"),
    Hostile("zip: cut in half", lambda: _cut(zipped(("a", os.urandom(10_000)))), "archive_broken", "damaged"),
    Hostile("zip: without its end", lambda: zipped(("a", b"x"))[:-4], "archive_broken", "damaged"),
    Hostile("nothing", lambda: b"", "archive_unknown", "not a zip"),
    Hostile("plain text", lambda: b"hello", "archive_unknown", "not a zip"),
    Hostile("the beginning of a zip's magic", lambda: b"PK", "archive_unknown", "not a zip"),
    Hostile("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("bzip2", lambda: b"BZh9" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("xz", lambda: b"\xfd7zXZ\x00" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("zeros", lambda: bytes(10240), "archive_unknown", "not a zip"),
    Hostile("a program with a zip behind it", lambda: b"MZ" + bytes(600) + zipped(("a", b"x")), "archive_unknown", ""),
]


def _files(count: int) -> list[tuple[str, bytes]]:
    return [(f"f{number}", b"") for number in range(count)]


def _bytes(count: int) -> list[tuple[str, bytes]]:
    noise = os.urandom(1_000_000) * 8
    return [(f"f{number}", noise) for number in range(count)]


def _named(form: str, what: str, names: tuple[str, ...], code: str, reason: str) -> Hostile:
    return Hostile(f"{form}: {what}", lambda: FORMATS[form](*((name, b"x") for name in names)), code, reason)


CORPUS = [
    *(_named(form, what, (name,), "source_path_refused", reason) for form in FORMATS for what, name, reason in NAMES),
    *(_named(form, what, names, "archive_refused", reason) for form in FORMATS for what, names, reason in TOGETHER),
    *ONE_BY_ONE,
]
