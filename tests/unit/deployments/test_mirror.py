import hashlib
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from spaceport.deployments import mirror
from spaceport.hub import RemoteFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def local(folder: Path, files: dict[str, bytes]) -> dict[str, Path]:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return {path: folder / path for path in files}


def small(path: str, content: bytes) -> RemoteFile:
    named = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    return RemoteFile(path, named.stdout.decode().strip(), len(content), large=False)


def large(path: str, content: bytes) -> RemoteFile:
    return RemoteFile(path, hashlib.sha256(content).hexdigest(), len(content), large=True)


def test_what_differs_is_added_what_is_gone_is_deleted_and_what_is_equal_costs_nothing(folder: Path) -> None:
    here = local(folder, {"same.txt": b"same", "changed.txt": b"after", "new.txt": b"new", "model.bin": b"weights"})
    there = [
        small("same.txt", b"same"),
        small("changed.txt", b"befor"),
        small("gone/deep.txt", b""),
        large("model.bin", b"weights"),
    ]
    plan = mirror.plan(here, there)
    assert set(plan.add) == {"changed.txt", "new.txt"}
    assert plan.delete == ["gone/deep.txt"]


def test_equal_folders_make_an_empty_plan(folder: Path) -> None:
    assert mirror.plan(local(folder, {"a": b"\x00\xff", "b": b""}), [small("a", b"\x00\xff"), small("b", b"")]).empty


def test_a_large_file_of_the_same_size_with_other_content_is_pushed(folder: Path) -> None:
    assert set(mirror.plan(local(folder, {"m": b"abc"}), [large("m", b"abd")]).add) == {"m"}


def test_the_hubs_own_gitattributes_stay_but_the_sources_win(folder: Path) -> None:
    assert mirror.plan({}, [small(".gitattributes", b"*.bin lfs")]).empty
    changed = mirror.plan(local(folder, {".gitattributes": b"ours"}), [small(".gitattributes", b"theirs")])
    assert set(changed.add) == {".gitattributes"}


@pytest.mark.parametrize("path", [".git/config", ".cache/x", "docs/.cache/x", "vendor/lib/.git/HEAD"])
def test_paths_that_the_client_library_refuses_are_neither_pushed_nor_deleted(folder: Path, path: str) -> None:
    assert mirror.plan(local(folder, {path: b"1"}), []).empty
    assert mirror.plan({}, [small(path, b"1")]).empty


@pytest.mark.parametrize("path", [".github/workflows/x.yml", "a.cache/x", ".gitignore", "cache/.keep"])
def test_names_that_only_look_alike_are_pushed_and_the_client_library_takes_them(folder: Path, path: str) -> None:
    plan = mirror.plan(local(folder, {path: b"1"}), [small(f"{path}.old", b"")])
    assert [CommitOperationAdd(name, str(file)).path_in_repo for name, file in plan.add.items()] == [path]
    assert [CommitOperationDelete(name).path_in_repo for name in plan.delete] == [f"{path}.old"]
