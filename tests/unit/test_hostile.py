"""The corpus of tests/hostile: every item is refused with its own reason and a fix, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.hostile import archives as hostile_archives
from tests.hostile import names, urls
from tests.hostile.packing import Hostile

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import archives, rules
from spaceport.sources.model import GitSource, UploadSource

HERE = "https://github.com/a/b"


def policy() -> Policy:
    return Policy(resolver=lambda host, _: urls.NAMES.get(host, [urls.PUBLIC]))


def refusal(ask: Callable[[], object]) -> errors.SpaceportError:
    with pytest.raises(errors.SpaceportError) as caught:
        ask()
    assert caught.value.fix
    assert all(character.isprintable() for character in caught.value.message)
    return caught.value


def test_the_corpus_holds_hundreds_of_different_things() -> None:
    requests = {url for url, _ in urls.EVERYWHERE}
    clones, refs = {url for url, _ in urls.CLONES}, set(names.REFS)
    folders, packed = {folder for folder, _ in names.FOLDERS}, {item.what for item in hostile_archives.CORPUS}
    assert len(requests) == len(urls.EVERYWHERE)
    assert len(packed) == len(hostile_archives.CORPUS)
    for found, least in ((requests, 100), (clones, 40), (refs, 40), (folders, 25), (packed, 100)):
        assert len(found) >= least


@pytest.mark.parametrize(("url", "reason"), urls.EVERYWHERE)
def test_no_request_is_made_to(url: str, reason: str) -> None:
    error = refusal(lambda: policy().resolve(url))
    assert error.code == "egress_refused"
    assert reason in error.message


@pytest.mark.parametrize(("url", "reason"), urls.EVERYWHERE)
def test_no_repository_is_cloned_from(url: str, reason: str) -> None:
    """Either the source is refused as it is written, or before the fetch."""
    with pytest.raises((ValidationError, errors.Invalid)):
        policy().resolve(GitSource(url=url).url, require_tls=True)


@pytest.mark.parametrize(("url", "code"), urls.CLONES)
def test_no_clone_address_looks_like(url: str, code: str) -> None:
    assert refusal(lambda: rules.clone_url(url)).code == code
    with pytest.raises(ValidationError):
        GitSource(url=url)


@pytest.mark.parametrize("ref", names.REFS)
def test_no_ref_looks_like(ref: str) -> None:
    assert refusal(lambda: rules.ref(ref)).code == "ref_invalid"
    with pytest.raises(ValidationError):
        GitSource(url=HERE, ref=ref)


@pytest.mark.parametrize(("folder", "reason"), names.FOLDERS)
def test_no_folder_looks_like(folder: str, reason: str) -> None:
    error = refusal(lambda: rules.folder(folder))
    assert error.code == "folder_invalid"
    assert reason in error.message
    with pytest.raises(ValidationError):
        UploadSource(upload_id="upl_" + "0" * 26, folder=folder)


@pytest.mark.parametrize("item", hostile_archives.CORPUS, ids=lambda item: item.what)
def test_no_archive_holds(item: Hostile, tmp_path: Path) -> None:
    packed, into = tmp_path / "packed", tmp_path / "work" / "into"
    packed.write_bytes(item.make())
    error = refusal(lambda: archives.unpack(packed, into, limits=hostile_archives.LIMITS))
    assert (error.code, item.reason) == (item.code, item.reason if item.reason in error.message else error.message)
    assert {path.name for path in tmp_path.iterdir()} <= {"packed", "work"}
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"into"}
    assert not any(path.is_symlink() for path in into.rglob("*"))


@pytest.mark.parametrize("name", ["CON", "aux.py", "a.", "b ", "10:30.txt", "größe/ß.txt", "-x", "$x", "~"])
def test_a_name_that_only_windows_cannot_hold_is_ordinary(name: str, tmp_path: Path) -> None:
    """The app runs on Linux: a repository of Linux programs is full of such names."""
    for make in hostile_archives.FORMATS.values():
        packed, into = tmp_path / "packed", tmp_path / make(("x", b"")).hex()[:8]
        packed.write_bytes(make((name, b"x")))
        archives.unpack(packed, into)
        assert (into / name).read_bytes() == b"x"
