"""One clone for all who may read it: counted at the Git host, and between teams."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.git_server import GitServer
from tests.integration.sources.cache.conftest import DEADLINE, SPACES, complete, conversations, fetch, mono

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.git_cache import Cache
from spaceport.sources.model import GitSource


def test_twenty_spaces_of_a_monorepo_cost_one_fetch(server: GitServer, kept: Path, tmp_path: Path) -> None:
    sha = mono(server)
    with ThreadPoolExecutor(SPACES) as threads:
        fetching = [
            threads.submit(fetch, server, Cache(kept, "team"), tmp_path / str(number), folder=f"apps/{number}", ref=sha)
            for number in range(SPACES)
        ]
    for number, each in enumerate(fetching):
        assert each.result().revision == sha
        assert (tmp_path / str(number) / "app.py").read_text() == f"app {number}"
    assert conversations(server) == 1
    assert len(complete(kept)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"repositories", *map(str, range(SPACES))}


def test_a_branch_is_always_asked_for_and_fetched_when_it_has_moved(
    server: GitServer, kept: Path, tmp_path: Path
) -> None:
    mono(server)
    cache = Cache(kept, "team")
    fetch(server, cache, tmp_path / "first", ref="main")
    fetch(server, cache, tmp_path / "again", ref="main")
    assert conversations(server) == 3
    newer = server.repo("mono").commit({"apps/0/app.py": "newer"})
    assert fetch(server, cache, tmp_path / "newer", ref="main", folder="apps/0").revision == newer
    assert (tmp_path / "newer" / "app.py").read_text() == "newer"


def test_an_older_server_gives_each_revision_its_own_files(kept: Path, tmp_path: Path) -> None:
    with GitServer(old_protocol=True) as old:
        first = old.repo("mono").commit({"n": "1"})
        second = old.repo("mono").commit({"n": "2"})
        cache = Cache(kept, "team")
        for number, (ref, sha) in enumerate([("main", second), (first, first), (second, second)]):
            assert fetch(old, cache, tmp_path / str(number), ref=ref).revision == sha
        assert [(tmp_path / str(number) / "n").read_text() for number in range(3)] == ["2", "1", "2"]


def test_another_team_or_token_does_not_get_what_was_read_with_a_token(kept: Path, tmp_path: Path) -> None:
    with GitServer(token="s3cret") as private:
        sha = mono(private)
        fetch(private, Cache(kept, "ours"), tmp_path / "ours", token="s3cret", ref=sha)
        for number, token in enumerate([None, "wrong"]):
            with pytest.raises(errors.Invalid) as caught:
                fetch(private, Cache(kept, "theirs"), tmp_path / str(number), token=token, ref=sha)
            assert caught.value.code in ("git_authentication_required", "git_authentication_failed")
            assert not list((tmp_path / str(number)).iterdir())
        assert len(complete(kept)) == 1
        assert not any("s3cret" in str(path) for path in kept.rglob("*"))
        assert not any(b"s3cret" in path.read_bytes() for path in kept.rglob("*") if path.is_file())


def test_a_host_that_is_not_allowed_any_more_is_refused_although_its_commit_is_kept(
    server: GitServer, kept: Path, tmp_path: Path
) -> None:
    sha = mono(server)
    fetch(server, Cache(kept, "team"), tmp_path / "before", ref=sha)
    source = GitSource(url=server.url("mono"), ref=sha)
    with pytest.raises(errors.Invalid) as caught:
        git.fetch(
            source,
            tmp_path / "after",
            token=None,
            policy=Policy(),
            cancelled=lambda: False,
            cache=Cache(kept, "team"),
        )
    assert caught.value.code == "egress_refused"


def test_who_waits_for_anothers_fetch_can_be_canceled(kept: Path, tmp_path: Path) -> None:
    with GitServer(hang=True) as hanging:
        source = GitSource(url=hanging.url("mono"), ref="a" * 40)
        stop = {"first": threading.Event(), "second": threading.Event()}

        def run(name: str) -> str:
            with pytest.raises(errors.Conflict) as caught:
                git.fetch(
                    source,
                    tmp_path / name,
                    token=None,
                    policy=Policy((hanging.host,)),
                    cancelled=stop[name].is_set,
                    cache=Cache(kept, "team"),
                )
            return caught.value.code

        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(run, "first")
            assert hanging.asked.wait(DEADLINE)
            second = threads.submit(run, "second")
            stop["second"].set()
            assert second.result(DEADLINE) == "fetch_canceled"
            assert not first.done()
            stop["first"].set()
            assert first.result(DEADLINE) == "fetch_canceled"
        assert list(kept.iterdir()) == []
