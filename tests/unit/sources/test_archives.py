import contextlib
import io
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hostile.packing import tar, zipped

from spaceport import errors
from spaceport.sources import archives, files, tar_entries
from spaceport.sources.limits import DEFAULT, Limits

CONTENT = b"print('hello')\n"


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
def test_more_bytes_than_allowed_are_refused(make: Maker, tmp_path: Path):
    small = replace(DEFAULT, total_bytes=1000)
    assert refusal(make(("a", b"x" * 600), ("b", b"x" * 600)), tmp_path, small).code == "source_too_large"


@pytest.mark.parametrize("make", MAKERS)
def test_more_files_than_allowed_are_refused(make: Maker, tmp_path: Path):
    few = replace(DEFAULT, files=3)
    packed = make(*((f"f{n}", b"") for n in range(4)))
    assert refusal(packed, tmp_path, few).code == "source_too_many_files"


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


@pytest.mark.parametrize("make", MAKERS)
def test_a_truncated_archive_is_refused(make: Maker, tmp_path: Path):
    packed = make(("a", bytes(range(256)) * 40))
    assert refusal(packed[: len(packed) // 2], tmp_path).code in ("archive_broken", "archive_unknown")


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
