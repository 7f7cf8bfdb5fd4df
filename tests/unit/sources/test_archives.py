import contextlib
import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaceport import errors
from spaceport.sources import archives, files, tar_entries
from spaceport.sources.limits import DEFAULT, Limits

CONTENT = b"print('hello')\n"


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
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return made.getvalue()


def unpack(packed: bytes, folder: Path, limits: Limits = DEFAULT) -> dict[str, bytes]:
    archive, into = folder / "archive", folder / "into"
    archive.write_bytes(packed)
    archives.unpack(archive, into, limits=limits)
    return {path: (into / path).read_bytes() for path, _ in files.manifest(into)}


def refusal(packed: bytes, folder: Path, limits: Limits = DEFAULT) -> errors.SpaceportError:
    with pytest.raises(errors.SpaceportError) as caught:
        unpack(packed, folder, limits)
    assert caught.value.fix
    assert [path.name for path in folder.iterdir() if path.name not in {"archive", "into"}] == []
    return caught.value


MAKERS = [
    pytest.param(tar, id="tar.gz"),
    pytest.param(lambda *members: tar(*members, mode="w"), id="tar"),
    pytest.param(zipped, id="zip"),
]
Maker = Callable[..., bytes]


@pytest.mark.parametrize("make", MAKERS)
def test_the_files_of_an_archive_come_out_as_they_are(make: Maker, tmp_path: Path):
    packed = make(("./README.md", b"hi"), ("app/main.py", CONTENT), ("app/ä b.txt", b""))
    assert unpack(packed, tmp_path) == {"README.md": b"hi", "app/main.py": CONTENT, "app/ä b.txt": b""}


@pytest.mark.parametrize("make", MAKERS)
def test_a_single_top_level_folder_is_kept_and_can_be_selected(make: Maker, tmp_path: Path):
    unpack(make(("app-main/Dockerfile", CONTENT)), tmp_path)
    assert files.manifest(files.select(tmp_path / "into", "app-main")) == [("Dockerfile", len(CONTENT))]


@pytest.mark.parametrize("make", MAKERS)
def test_git_and_macos_leftovers_are_left_out(make: Maker, tmp_path: Path):
    packed = make((".git/config", b"x"), ("sub/.GIT/hooks/x", b"x"), ("__MACOSX/._a", b"x"), ("a", b"1"))
    assert unpack(packed, tmp_path) == {"a": b"1"}


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "absolute"),
        ("//etc/passwd", "absolute"),
        ("../x", "contains .."),
        ("a/../../x", "contains .."),
        ("a\\b", "backslash"),
        ("..\\x", "backslash"),
        ("a\nb", "control"),
        ("a\x1b[31mb", "control"),
        ("a\x7fb", "control"),
        ("/".join("a" * 33), "deep"),
        ("a" * 256, "longer than 255"),
        ("/".join(["a" * 200] * 6), "longer than 1024"),
    ],
)
def test_a_hostile_name_is_refused(make: Maker, name: str, reason: str, tmp_path: Path):
    error = refusal(make((name, b"x")), tmp_path)
    assert error.code == "source_path_refused"
    assert reason in error.message


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path):
    assert refusal(tar(("a\udcff", b"x")), tmp_path).code == "source_path_refused"


def test_a_name_hidden_behind_a_nul_is_refused(tmp_path: Path):
    packed = zipped(("aXb", b"x")).replace(b"aXb", b"a\x00b")
    assert refusal(packed, tmp_path).code == "source_path_refused"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (tarfile.SYMTYPE, "source_has_links"),
        (tarfile.LNKTYPE, "source_has_links"),
        (tarfile.CHRTYPE, "archive_refused"),
        (tarfile.BLKTYPE, "archive_refused"),
        (tarfile.FIFOTYPE, "archive_refused"),
        (tarfile.CONTTYPE, "archive_refused"),
        (b"Z", "archive_refused"),
    ],
)
def test_a_tar_member_that_is_no_plain_file_is_refused(kind: bytes, code: str, tmp_path: Path):
    assert refusal(tar(("a", b""), type=kind, linkname="/etc/passwd"), tmp_path).code == code


def test_a_sparse_member_is_refused(tmp_path: Path):
    pax = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1", "GNU.sparse.size": "9999"}
    assert refusal(tar(("a", b"x"), pax_headers=pax), tmp_path).code == "archive_refused"


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (stat.S_IFLNK, "source_has_links"),
        (stat.S_IFIFO, "archive_refused"),
        (stat.S_IFCHR, "archive_refused"),
        (stat.S_IFSOCK, "archive_refused"),
    ],
)
def test_a_zip_entry_that_is_no_plain_file_is_refused(mode: int, code: str, tmp_path: Path):
    assert refusal(zipped(("a", b"/etc/passwd"), mode=mode | 0o777), tmp_path).code == code


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_entry_in_an_unusual_compression_is_refused(method: int, tmp_path: Path):
    assert refusal(zipped(("a", b"x"), method=method), tmp_path).code == "archive_refused"


def test_an_encrypted_zip_entry_is_refused(tmp_path: Path):
    packed = bytearray(zipped(("a", b"x")))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(packed), tmp_path).code == "archive_refused"


def test_a_zip_entry_without_a_name_is_refused(tmp_path: Path):
    packed = bytearray(zipped(("a", b"")))
    directory, end = packed.index(b"PK\x01\x02"), packed.index(b"PK\x05\x06")
    packed[directory + 28 : directory + 30] = bytes(2)
    packed[end + 12 : end + 16] = struct.pack("<L", 46)
    del packed[directory + 46]
    assert refusal(bytes(packed), tmp_path).code == "archive_broken"


def test_a_zip64_end_record_is_refused(tmp_path: Path):
    packed = zipped(("a", b"x"))
    end = packed.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1)
    assert refusal(packed[:end] + locator + packed[end:], tmp_path).code == "archive_refused"


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b", "a")])
def test_two_entries_for_one_path_are_refused(make: Maker, names: tuple[str, str], tmp_path: Path):
    assert refusal(make(*((name, b"x") for name in names)), tmp_path).code == "archive_refused"


def test_names_that_differ_in_case_only_are_two_files(tmp_path: Path):
    assert len(unpack(tar(("README", b"1"), ("readme", b"2")), tmp_path)) == 2


@pytest.mark.parametrize("make", MAKERS)
def test_more_bytes_than_allowed_are_refused(make: Maker, tmp_path: Path):
    small = replace(DEFAULT, total_bytes=1000)
    assert refusal(make(("a", b"x" * 600), ("b", b"x" * 600)), tmp_path, small).code == "source_too_large"


@pytest.mark.parametrize("make", MAKERS)
def test_more_files_than_allowed_are_refused(make: Maker, tmp_path: Path):
    few = replace(DEFAULT, files=3)
    packed = make(*((f"f{n}", b"") for n in range(4)))
    assert refusal(packed, tmp_path, few).code == "source_too_many_files"


def test_folders_count_as_files(tmp_path: Path):
    few = replace(DEFAULT, files=3)
    packed = tar(*((f"d{n}", b"") for n in range(4)), type=tarfile.DIRTYPE)
    assert refusal(packed, tmp_path, few).code == "source_too_many_files"


@pytest.mark.parametrize("make", [MAKERS[0], MAKERS[2]])
def test_an_archive_that_swells_is_refused(make: Maker, tmp_path: Path):
    assert refusal(make(("zeros", bytes(11_000_000))), tmp_path).code == "archive_ratio"


@pytest.mark.parametrize("make", [MAKERS[0], MAKERS[2]])
def test_a_swelling_part_that_would_be_left_out_is_not_unpacked_without_end(make: Maker, tmp_path: Path):
    limits = replace(DEFAULT, total_bytes=1000, files=1)
    packed = make((".git/objects/zeros", bytes(11_000_000)))
    if packed.startswith(b"PK"):
        assert unpack(packed, tmp_path, limits) == {}
    else:
        assert refusal(packed, tmp_path, limits).code == "source_too_large"


def test_skipping_a_part_too_large_does_not_unpack_it_first():
    packed = io.BytesIO(tar((".git/noise", os.urandom(2_000_000)), ("a", b"x")))
    with pytest.raises(errors.TooLarge):
        for _ in tar_entries.read_gzipped(packed, replace(DEFAULT, total_bytes=1000, files=1)):
            pass
    assert packed.tell() < 1_000_000


def test_a_zip_that_claims_more_entries_than_allowed_is_not_opened(tmp_path: Path):
    packed = bytearray(zipped(("a", b"x")))
    end = packed.rindex(b"PK\x05\x06")
    packed[end + 8 : end + 12] = struct.pack("<HH", 30000, 30000)
    assert refusal(bytes(packed), tmp_path).code == "source_too_many_files"
    packed[end + 8 : end + 16] = struct.pack("<HHL", 1, 1, 2**31)
    assert refusal(bytes(packed), tmp_path).code == "source_too_large"


def test_a_header_that_claims_a_size_beyond_the_limits_is_not_followed(tmp_path: Path):
    packed = bytearray(tar(("a", b"x"), ("b", b"x"), mode="w"))
    info = tarfile.TarInfo("a")
    info.size = 10**13
    packed[:512] = info.tobuf(tarfile.GNU_FORMAT)
    assert refusal(bytes(packed), tmp_path).code in ("source_too_large", "archive_broken")


def test_a_huge_extended_header_is_not_read_into_memory(tmp_path: Path):
    packed = tar(("a", b"x"), pax_headers={"comment": "x" * 2_000_000})
    assert refusal(packed, tmp_path).code == "archive_broken"


def test_a_chain_of_extended_headers_ends_in_an_error(tmp_path: Path):
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    assert refusal(header.tobuf() * 5000 + bytes(1024), tmp_path).code == "archive_broken"


def test_a_damaged_header_in_the_middle_is_not_taken_for_the_end(tmp_path: Path):
    packed = bytearray(tar(("a", b"x"), ("b", b"y"), mode="w"))
    packed[1024:1030] = b"broken"
    assert refusal(bytes(packed), tmp_path).code == "archive_broken"


def test_a_wrong_checksum_at_the_end_is_noticed(tmp_path: Path):
    packed = bytearray(tar(("a", b"x" * 100)))
    packed[-8] ^= 0xFF
    assert refusal(bytes(packed), tmp_path).code == "archive_broken"


@pytest.mark.parametrize("make", MAKERS)
def test_a_truncated_archive_is_refused(make: Maker, tmp_path: Path):
    packed = make(("a", bytes(range(256)) * 40))
    assert refusal(packed[: len(packed) // 2], tmp_path).code in ("archive_broken", "archive_unknown")


@pytest.mark.parametrize("packed", [b"", b"hello", b"PK", b"7z\xbc\xaf\x27\x1c", b"BZh9", b"\xfd7zXZ\x00", bytes(600)])
def test_what_is_no_archive_is_called_that(packed: bytes, tmp_path: Path):
    assert refusal(packed, tmp_path).code == "archive_unknown"


def test_a_kind_is_told_by_the_bytes():
    assert archives.kind(tar(("a", b""))) == "tar.gz"
    assert archives.kind(tar(("a", b""), mode="w")) == "tar"
    assert archives.kind(zipped(("a", b""))) == "zip"
    assert archives.kind(zipped()) == "zip"


def test_modes_of_the_archive_are_not_taken_over(tmp_path: Path):
    unpack(zipped(("a", b"x"), mode=stat.S_IFREG | 0o6777), tmp_path)
    assert stat.S_IMODE((tmp_path / "into" / "a").stat().st_mode) & 0o7133 == 0


@pytest.mark.parametrize("make", MAKERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_leads_to_anything_but_a_named_error(make: Maker, data: st.DataObject, tmp_path_factory):
    packed = bytearray(make(("README.md", b"hi"), ("app/main.py", CONTENT * 20)))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    with contextlib.suppress(errors.SpaceportError):
        unpack(bytes(packed), folder)
