"""What is fetched: which commit, which folder, which bytes."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.git_server import GitServer
from tests.integration.sources.conftest import contents, fetch, refusal

from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.commands import Guard
from spaceport.sources.git_remote import Remote
from spaceport.sources.git_repository import Repository
from spaceport.sources.limits import DEFAULT
from spaceport.sources.model import GitSource


def test_the_default_branch_is_fetched_with_its_commit_and_without_git(server: GitServer, into: Path):
    sha = server.repo("plain").commit({"README.md": "hi", "app/main.py": "x = 1\n"}, message="Subject\n\nBody")
    fetched = fetch(server, "plain", into)
    assert (fetched.revision, fetched.ref) == (sha, "refs/heads/main")
    assert (fetched.author, fetched.message) == ("Ada Author", "Subject\n\nBody")
    assert fetched.committed_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert contents(into) == {"README.md": b"hi", "app/main.py": b"x = 1\n"}
    assert list(into.parent.iterdir()) == [into]


@pytest.fixture(scope="module")
def history(server: GitServer) -> dict[str, str]:
    repo = server.repo("history")
    first = repo.commit({"n": "1"})
    second = repo.commit({"n": "2"})
    feature = repo.commit({"n": "feature"}, branch="feature/x")
    repo.tag("v1", first)
    repo.tag("v2", second, message="annotated")
    repo.commit({"n": "branch"}, branch="twice")
    repo.tag("twice", first)
    return {"first": first, "second": second, "feature": feature}


@pytest.mark.parametrize(
    ("ref", "content", "full"),
    [
        ("main", b"2", "refs/heads/main"),
        ("HEAD", b"2", "refs/heads/main"),
        ("feature/x", b"feature", "refs/heads/feature/x"),
        ("refs/heads/feature/x", b"feature", "refs/heads/feature/x"),
        ("v1", b"1", "refs/tags/v1"),
        ("v2", b"2", "refs/tags/v2"),
        ("twice", b"branch", "refs/heads/twice"),
        ("refs/tags/twice", b"1", "refs/tags/twice"),
    ],
)
def test_a_branch_or_tag_is_fetched_by_name(
    server: GitServer, history: dict[str, str], into: Path, *, ref: str, content: bytes, full: str
):
    fetched = fetch(server, "history", into, ref=ref)
    assert (contents(into), fetched.ref) == ({"n": content}, full)


def test_an_annotated_tag_gives_the_commit_and_not_the_tag(server: GitServer, history: dict[str, str], into: Path):
    assert fetch(server, "history", into, ref="v2").revision == history["second"]


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_a_commit_id_is_fetched_although_no_branch_ends_there(
    server: GitServer, history: dict[str, str], into: Path, spelling
):
    fetched = fetch(server, "history", into, ref=spelling(history["first"]))
    assert (fetched.revision, fetched.ref, contents(into)) == (history["first"], None, {"n": b"1"})


@pytest.fixture
def old_server() -> Iterator[GitServer]:
    with GitServer(old_protocol=True) as running:
        yield running


def test_a_server_that_hands_out_no_bare_commits_is_asked_for_its_branches(old_server: GitServer, into: Path):
    repo = old_server.repo("app")
    first = repo.commit({"n": "1"})
    repo.commit({"n": "2"})
    assert fetch(old_server, "app", into, ref=first).revision == first
    assert contents(into) == {"n": b"1"}
    assert refusal(old_server, "app", into, ref="a" * 40).code == "ref_not_found"


def test_a_branch_that_moved_on_meanwhile_gives_what_it_is_now(old_server: GitServer, tmp_path: Path):
    repo = old_server.repo("app")
    first = repo.commit({"n": "1"})
    second = repo.commit({"n": "2"})
    repository = Repository.create(Guard(tmp_path, DEFAULT, lambda: False))
    remote = Remote.of(old_server.url("app"), repository, policy=Policy((old_server.host,)), token=None)
    assert remote.fetch(git.Tip(first, "refs/heads/main")) == (second, "refs/heads/main")


def test_only_one_commit_of_the_history_travels(server: GitServer, into: Path):
    repo = server.repo("long")
    repo.commit({"big": os.urandom(400_000)})
    repo.commit({"big": "small now"})
    fetch(server, "long", into, limits=replace(DEFAULT, total_bytes=200_000))
    assert contents(into) == {"big": b"small now"}


def test_a_folder_of_the_repository_is_fetched_alone(server: GitServer, into: Path):
    server.repo("mono").commit({"README.md": "root", "apps/demo/app.py": "demo", "apps/other/x": "x"})
    fetch(server, "mono", into, folder="apps/demo")
    assert contents(into) == {"app.py": b"demo"}


def test_a_missing_folder_is_answered_with_those_there_are(server: GitServer, into: Path):
    server.repo("folders").commit({"README.md": "root", "app/x": "x", "docs/y": "y"})
    missing = refusal(server, "folders", into, folder="web")
    assert (missing.code, missing.fix) == ("folder_not_found", "Its top-level folders are: app, docs.")
    assert refusal(server, "folders", into, folder="README.md").code == "folder_not_found"


def test_files_come_out_byte_for_byte_whatever_the_attributes_ask(server: GitServer, into: Path):
    files = {
        ".gitattributes": "* text eol=crlf ident filter=lfs export-ignore\n*.md working-tree-encoding=UTF-16\n",
        "unix.txt": "a\nb\n",
        "dos.txt": "a\r\nb\r\n",
        "id.py": "$Id$\n",
        "x.md": "text",
    }
    server.repo("attributes").commit(files)
    fetch(server, "attributes", into)
    assert contents(into) == {name: text.encode() for name, text in files.items()}


def test_an_unknown_ref_is_not_found(server: GitServer, history: dict[str, str], into: Path):
    assert refusal(server, "history", into, ref="nope").code == "ref_not_found"
    assert refusal(server, "history", into, ref="a" * 40).code == "ref_not_found"


def test_a_shortened_commit_id_is_answered_with_what_to_write(server: GitServer, history: dict[str, str], into: Path):
    error = refusal(server, "history", into, ref=history["first"][:8])
    assert error.code == "ref_not_found"
    assert "all of its 40 characters" in error.fix


def test_an_empty_repository_is_called_empty(server: GitServer, into: Path):
    server.repo("empty")
    assert "is empty" in refusal(server, "empty", into).message


def test_a_missing_repository_is_not_found(server: GitServer, into: Path):
    assert refusal(server, "missing", into).code == "git_repository_not_found"


def test_resolve_names_the_commit_without_fetching_it(server: GitServer, history: dict[str, str]):
    def resolve(ref: str | None) -> git.Tip:
        source = GitSource(url=server.url("history"), ref=ref)
        return git.resolve(source, token=None, policy=Policy((server.host,)), cancelled=lambda: False)

    before = len(server.requests)
    assert resolve(None) == (history["second"], "refs/heads/main")
    assert resolve("v2") == (history["second"], "refs/tags/v2")
    assert resolve(history["first"]) == (history["first"], None)
    asked = server.requests[before:]
    assert asked
    assert all("git-upload-pack" in path for path in asked)
