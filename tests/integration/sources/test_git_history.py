"""What came before what, and which paths differ, asked of real repositories over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.git_server import GitRepo, GitServer

from spaceport import errors, ids
from spaceport.egress.policy import Policy
from spaceport.sources import git_history
from spaceport.sources.model import GitSource

# When every commit of the test server says that it was made.
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


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
    assert ask(git_history.is_before, server, repo, first, third, committed_at=MADE)
    assert ask(git_history.is_before, server, repo, first, third, committed_at=None)


def test_what_is_newer_or_on_another_branch_is_no_ancestor(server: GitServer, repo: GitRepo) -> None:
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    other = repo.commit({"b": "1"}, branch="other")
    assert not ask(git_history.is_before, server, repo, second, first, committed_at=MADE)
    assert not ask(git_history.is_before, server, repo, other, second, committed_at=MADE)
    much_newer = MADE + timedelta(days=3)
    assert not ask(git_history.is_before, server, repo, second, first, committed_at=much_newer)


def test_a_commit_that_the_host_does_not_have_is_said_to_be_missing(server: GitServer, repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    for question, more in ((git_history.changed_files, {}), (git_history.is_before, {"committed_at": None})):
        with pytest.raises(errors.Invalid) as caught:
            ask(question, server, repo, head, "f" * 40, **more)
        assert caught.value.code == "ref_not_found"
