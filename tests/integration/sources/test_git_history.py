"""What came before what, and which paths differ, asked of real repositories over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_server import GitRepo, GitServer

from spaceport import errors, ids
from spaceport.egress.policy import Policy
from spaceport.sources import git_history
from spaceport.sources.git_cache import Cache
from spaceport.sources.model import GitSource


@pytest.fixture(scope="module")
def server() -> Iterator[GitServer]:
    with GitServer() as running:
        yield running


@pytest.fixture(params=[True, False], ids=["filters", "no filters"])
def repo(server: GitServer, request: pytest.FixtureRequest) -> GitRepo:
    """On a server that leaves out what is not asked for, and on one that cannot."""
    repo = server.repo(ids.new("repo"))
    repo.configure("uploadpack.allowFilter", str(request.param).lower())
    return repo


def ask(question, server: GitServer, repo: GitRepo, *revisions: str, **more):
    return question(
        GitSource(url=server.url(repo.path.name.removesuffix(".git"))),
        *revisions,
        token=None,
        policy=Policy((server.host,)),
        cancelled=lambda: False,
        **more,
    )


def test_paths_that_were_added_changed_removed_and_renamed(server: GitServer, repo: GitRepo) -> None:
    first = repo.commit({"kept": "1", "changed": "1", "api/old name": "same"})
    second = repo.commit({"changed": "2", "ünï/\tcode": "1"})
    entries = [line for line in repo.git("ls-tree", "-r", "-z", second).split("\0") if "kept" not in line and line]
    moved = [line.replace("api/old name", "new") for line in entries]
    index = repo.path / "other-index"
    repo.git("update-index", "-z", "--index-info", stdin=("\0".join(moved) + "\0").encode(), index=index)
    third = repo.git("commit-tree", repo.git("write-tree", index=index), "-p", second, "-m", "x")
    repo.git("update-ref", "refs/heads/main", third)

    found = ask(git_history.changed_files, server, repo, first, third)

    assert found == {"changed", "kept", "api/old name", "new", "ünï/\tcode"}


def test_an_ancestor_is_known_for_one_also_after_the_branch_was_put_back(server: GitServer, repo: GitRepo) -> None:
    first, _, third = (repo.commit({"a": str(number)}) for number in range(3))
    repo.git("update-ref", "refs/heads/main", first)
    assert ask(git_history.is_before, server, repo, first, third)


def test_what_is_newer_or_on_another_branch_is_no_ancestor(server: GitServer, repo: GitRepo) -> None:
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    other = repo.commit({"b": "1"}, branch="other")
    assert not ask(git_history.is_before, server, repo, second, first)
    assert not ask(git_history.is_before, server, repo, other, second)


def chain(repo: GitRepo, parent: str, length: int, message: str) -> str:
    """So many commits, each older than the one before it, as clocks and rebases make them."""
    tree = repo.git("rev-parse", f"{parent}^{{tree}}")
    for number in range(length):
        when = f"A <a@b> {(length - number) * 10**7} +0000"
        made = f"tree {tree}\nparent {parent}\nauthor {when}\ncommitter {when}\n\n{message}\n"
        parent = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=made.encode())
    repo.git("update-ref", f"refs/heads/{message}", parent)
    return parent


@pytest.mark.parametrize("length", [3, 70])
def test_an_ancestor_is_known_for_one_however_far_away_and_whatever_the_clocks_said(
    server: GitServer, repo: GitRepo, length: int
) -> None:
    first = repo.commit({"a": "1"})
    last, side = chain(repo, first, length, "last"), chain(repo, first, 60, "side")
    assert ask(git_history.is_before, server, repo, first, last)
    assert not ask(git_history.is_before, server, repo, last, first)
    assert not ask(git_history.is_before, server, repo, last, side)


def test_many_spaces_that_go_from_one_commit_to_another_cost_one_question(
    server: GitServer, repo: GitRepo, tmp_path: Path
) -> None:
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    server.requests.clear()
    for _ in range(3):
        assert ask(git_history.is_before, server, repo, first, second, cache=Cache(tmp_path, "team"))
    assert sum("info/refs" in path for path in server.requests) == 1


def test_a_damaged_history_is_no_answer_and_is_fetched_anew(server: GitServer, repo: GitRepo, tmp_path: Path) -> None:
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    cache = Cache(tmp_path, "team")
    assert ask(git_history.is_before, server, repo, first, second, cache=cache)
    for pack in tmp_path.rglob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    assert ask(git_history.is_before, server, repo, first, second, cache=cache)


def test_a_commit_that_the_host_does_not_have_is_said_to_be_missing(server: GitServer, repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    for question in (git_history.changed_files, git_history.is_before):
        with pytest.raises(errors.Invalid) as caught:
            ask(question, server, repo, head, "f" * 40)
        assert caught.value.code == "ref_not_found"
