"""Repositories that were made to do harm."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.git_server import GitServer
from tests.integration.sources.conftest import contents, fetch, refusal

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.limits import DEFAULT
from spaceport.sources.model import GitSource

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.mark.parametrize(
    "ref", ["x;touch pwned", "$(touch pwned)", "`id`", "|id", "--", "--upload-pack=x", "-o", "+main"]
)
def test_a_ref_is_a_name_and_never_an_option_or_a_command(server: GitServer, into: Path, ref: str):
    server.repo("names").commit({"a": "1"})
    # As if the model's own check had failed to see it.
    source = GitSource.model_construct(url=server.url("names"), ref=ref)
    with pytest.raises(errors.Invalid) as caught:
        git.fetch(source, into, token=None, policy=Policy((server.host,)), cancelled=lambda: False)
    assert caught.value.code == "ref_not_found"


@pytest.mark.parametrize("target", ["/etc/passwd", "a"])
def test_a_symbolic_link_is_refused_by_name(server: GitServer, into: Path, target: str):
    repo = server.repo(f"links-{len(target)}")
    repo.commit({"a": "1", "app/b": "2"}, links={"docs/link": target})
    error = refusal(server, repo.path.stem, into)
    assert error.code == "source_has_links"
    assert "docs/link" in error.message
    assert not list(into.iterdir())
    fetch(server, repo.path.stem, into, folder="app")
    assert contents(into) == {"b": b"2"}


def test_submodules_and_lfs_pointers_are_named_and_not_followed(server: GitServer, into: Path):
    server.repo("stand-ins").commit({"model.bin": POINTER, "a": "1"}, submodules={"vendor/lib": "1" * 40})
    fetched = fetch(server, "stand-ins", into)
    assert (fetched.submodules, fetched.lfs_pointers) == (("vendor/lib",), ("model.bin",))
    assert contents(into)["model.bin"] == POINTER.encode()


@pytest.mark.parametrize("path", ["a\\b", "a\nb", "a\x7fb"])
def test_a_hostile_file_name_is_refused(server: GitServer, into: Path, path: str):
    repo = server.repo(f"hostile-{path.encode().hex()}")
    quoted = '"' + path.replace("\\", "\\\\").replace("\n", "\\n").replace("\x7f", "\\177") + '"'
    repo.commit({quoted: "x"})
    assert refusal(server, repo.path.stem, into).code == "source_path_refused"


def test_a_tree_that_leads_out_of_the_folder_is_refused(server: GitServer, into: Path):
    repo = server.repo("escape")
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"evil")
    inner = raw_tree(repo, b"100644 evil", blob)
    tree = raw_tree(repo, b"40000 ..", inner)
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", tree, "-m", "evil"))
    assert refusal(server, "escape", into).code == "source_path_refused"


def test_a_commit_whose_files_git_does_not_write_is_refused_with_gits_words(server: GitServer, into: Path):
    repo = server.repo("dot")
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    tree = raw_tree(repo, b"40000 .", raw_tree(repo, b"100644 evil", blob))
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", tree, "-m", "evil"))
    error = refusal(server, "dot", into)
    assert error.code == "source_not_written"
    assert "invalid path './evil'" in error.message
    assert not into.exists()


def raw_tree(repo, entry: bytes, child: str) -> str:
    raw = entry + b"\0" + bytes.fromhex(child)
    return repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)


def test_a_tree_that_multiplies_is_refused_before_it_is_written(server: GitServer, into: Path):
    repo = server.repo("bomb")
    child, mode = repo.git("hash-object", "-w", "--stdin", stdin=b"x"), "100644 blob"
    for _ in range(6):
        listing = "".join(f"{mode} {child}\tf{n}\n" for n in range(10))
        child, mode = repo.git("mktree", stdin=listing.encode()), "040000 tree"
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", child, "-m", "bomb"))
    assert refusal(server, "bomb", into).code == "source_too_many_files"
    assert not list(into.iterdir())


def test_a_file_that_swells_is_refused_before_it_is_written(server: GitServer, into: Path):
    server.repo("swell").commit({"zeros": bytes(3_000_000)})
    error = refusal(server, "swell", into, limits=replace(DEFAULT, total_bytes=2_000_000))
    assert error.code == "source_too_large"
    assert not list(into.iterdir())


def test_a_pack_that_is_too_large_is_refused(server: GitServer, into: Path):
    server.repo("large").commit({"noise": os.urandom(2_000_000)})
    assert refusal(server, "large", into, limits=replace(DEFAULT, total_bytes=300_000)).code == "source_too_large"


def test_too_many_files_are_refused(server: GitServer, into: Path):
    server.repo("many").commit({f"f{n}": "x" for n in range(5)})
    limits = replace(DEFAULT, files=4)
    assert refusal(server, "many", into, limits=limits).code == "source_too_many_files"
