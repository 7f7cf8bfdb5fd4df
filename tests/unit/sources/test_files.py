import os
from dataclasses import replace
from pathlib import Path

import pytest

from spaceport import errors
from spaceport.sources import files
from spaceport.sources.limits import DEFAULT

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "x.txt").write_text("123")
    (tmp_path / "a").write_text("")
    return tmp_path


def test_a_manifest_lists_every_file_with_its_size_in_order(folder: Path):
    assert files.manifest(folder) == [("a", 0), ("b/c/x.txt", 3)]


@pytest.mark.parametrize("target", ["/etc/passwd", "a", "missing", "b"])
def test_a_link_is_refused_wherever_it_leads(folder: Path, target: str):
    (folder / "b" / "link").symlink_to(target)
    with pytest.raises(errors.Invalid, match="'b/link'") as caught:
        files.manifest(folder)
    assert caught.value.code == "source_has_links"


def test_a_pipe_is_refused_and_not_waited_for(folder: Path):
    os.mkfifo(folder / "pipe")
    with pytest.raises(errors.Invalid):
        files.manifest(folder)


def test_a_repository_left_inside_is_refused(folder: Path):
    (folder / ".git").mkdir()
    with pytest.raises(errors.Invalid, match=r"leads into \.git"):
        files.manifest(folder)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (replace(DEFAULT, files=1), "source_too_many_files"),
        (replace(DEFAULT, total_bytes=2), "source_too_large"),
        (replace(DEFAULT, depth=2), "source_path_refused"),
    ],
)
def test_a_manifest_past_a_limit_is_refused(folder: Path, limits, code: str):
    with pytest.raises(errors.SpaceportError) as caught:
        files.manifest(folder, limits=limits)
    assert caught.value.code == code


def test_a_missing_folder_is_answered_with_those_there_are(folder: Path):
    with pytest.raises(errors.Invalid, match="no folder 'app'") as caught:
        files.select(folder, "app")
    assert (caught.value.code, caught.value.fix) == ("folder_not_found", "Its top-level folders are: b.")


def test_a_file_is_not_a_folder(folder: Path):
    with pytest.raises(errors.Invalid):
        files.select(folder, "a")


def test_lfs_pointers_are_told_from_real_files(folder: Path):
    (folder / "model.bin").write_text(POINTER)
    (folder / "about.md").write_text("See version https://git-lfs.github.com/spec/v1\n" + "x" * 100)
    assert files.lfs_pointers(folder, files.manifest(folder)) == ("model.bin",)
