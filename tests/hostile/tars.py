"""Tar archives that nothing is deployed from."""

import gzip
import io
import os
import tarfile

from tests.hostile.packing import Hostile, files, half, noise, tar


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


def _links(kind: bytes, target: str) -> bytes:
    return tar(("a", b""), type=kind, linkname=target)


CORPUS = [
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
    Hostile("tar.gz: cut in half", lambda: half(tar(("a", os.urandom(10_000)))), "archive_broken", "damaged"),
    Hostile("tar: cut in half", lambda: half(tar(("a", os.urandom(30_000)), mode="w")), "archive_broken", "damaged"),
    Hostile("tar.gz: gzip in gzip", lambda: gzip.compress(tar(("a", b"x"))), "archive_broken", "damaged"),
    Hostile("tar.gz: no tar inside", lambda: gzip.compress(b"hello" * 1000), "archive_broken", "damaged"),
    Hostile("tar.gz: it swells", lambda: tar(("zeros", bytes(11_000_000))), "archive_ratio", "200 times"),
    Hostile("tar: more than is allowed", lambda: tar(*noise(4), mode="w"), "source_too_large", "larger than"),
    Hostile("tar: more files than allowed", lambda: tar(*files(41)), "source_too_many_files", "more than 40 files"),
    Hostile(
        "tar: more folders than allowed",
        lambda: tar(*files(41), type=tarfile.DIRTYPE),
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
]
