"""One clone for all who may read it: counted at the Git host, under crashes, between teams, and when it is too much."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.git_server import GitServer

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import git, git_cache
from spaceport.sources.commands import Guard
from spaceport.sources.git_cache import Cache
from spaceport.sources.git_repository import GitFailed
from spaceport.sources.limits import DEFAULT
from spaceport.sources.model import Fetched, GitSource

SPACES = 20
ROOT = Path(__file__).parents[3]
DEADLINE = 20.0


@pytest.fixture
def server() -> Iterator[GitServer]:
    with GitServer() as running:
        yield running


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


def fetch(server: GitServer, cache: Cache, into: Path, *, token: str | None = None, **source: str) -> Fetched:
    return git.fetch(
        GitSource(url=server.url("mono"), **source),
        into,
        token=token,
        policy=Policy((server.host,)),
        cancelled=lambda: False,
        cache=cache,
    )


def mono(server: GitServer) -> str:
    return server.repo("mono").commit({f"apps/{number}/app.py": f"app {number}" for number in range(SPACES)})


def conversations(server: GitServer) -> int:
    """How often Git began to talk to the host: once to ask for a ref, once to fetch."""
    return sum(path.endswith("info/refs?service=git-upload-pack") for path in server.requests)


def complete(kept: Path) -> list[Path]:
    return [place for place in kept.iterdir() if (place / "repository").exists()]


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


KILLED = """
import sys
from pathlib import Path
from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.git_cache import Cache
from spaceport.sources.model import GitSource
url, host, ref, kept, into = sys.argv[1:]
git.fetch(GitSource(url=url, ref=ref), Path(into), token=None, policy=Policy((host,)), cancelled=lambda: False,
          cache=Cache(Path(kept), "team"))
"""


def test_what_a_killed_process_left_is_never_used_and_goes_away(server: GitServer, kept: Path, tmp_path: Path) -> None:
    sha = mono(server)
    server.hang = True
    command = [sys.executable, "-c", KILLED, server.url("mono"), server.host, sha, str(kept), str(tmp_path / "killed")]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, start_new_session=True)
    try:
        assert server.asked.wait(DEADLINE)
        [place] = kept.iterdir()
        [half] = place.iterdir()
        assert half.name.startswith(".fetch-")
        (half / "repository" / "HEAD").write_text("garbage")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    server.hang = False
    fetch(server, Cache(kept, "team"), tmp_path / "next", ref=sha)
    assert (tmp_path / "next" / "apps").is_dir()
    assert [path.name for path in place.iterdir()] == ["repository"]


def test_a_damaged_entry_is_thrown_away_and_fetched_anew(server: GitServer, kept: Path, tmp_path: Path) -> None:
    sha = mono(server)
    cache = Cache(kept, "team")
    fetch(server, cache, tmp_path / "first", ref=sha)
    for pack in kept.rglob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    with pytest.raises(GitFailed):
        fetch(server, cache, tmp_path / "damaged", ref=sha)
    fetch(server, cache, tmp_path / "anew", ref=sha)
    assert (tmp_path / "anew" / "apps").is_dir()


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


def test_old_entries_and_the_oldest_past_the_size_go_but_not_one_that_is_in_use(
    server: GitServer, kept: Path, tmp_path: Path
) -> None:
    cache, shas = Cache(kept, "team"), []
    for number in range(3):
        shas.append(server.repo("mono").commit({"n": os.urandom(50_000)}))
        fetch(server, cache, tmp_path / str(number), ref=shas[-1])
        for place in complete(kept):
            aged = place.stat().st_mtime - 100
            os.utime(place, (aged, aged))
    git_cache.prune(kept, max_age=1000, max_bytes=10_000_000)
    assert len(complete(kept)) == 3
    git_cache.prune(kept, max_age=250)
    assert len(complete(kept)) == 2
    newest = max(complete(kept), key=lambda place: place.stat().st_mtime)
    git_cache.prune(kept, max_bytes=100_000)
    assert complete(kept) == [newest]
    guard = Guard(tmp_path, DEFAULT, lambda: False)
    with cache.repository(server.url("mono"), shas[-1], guard, lambda _: None) as repository:
        git_cache.prune(kept, max_age=0)
        assert repository.path.exists()
    (kept / "left-by-a-crash" / ".fetch-x").mkdir(parents=True)
    git_cache.prune(kept, max_age=0)
    assert list(kept.iterdir()) == []


def test_entries_come_and_go_under_many_readers_without_one_being_harmed(
    server: GitServer, kept: Path, tmp_path: Path
) -> None:
    sha = mono(server)
    ended = time.monotonic() + 2

    def read(number: int) -> None:
        turn = 0
        while time.monotonic() < ended:
            turn += 1
            into = tmp_path / f"{number}-{turn}"
            fetch(server, Cache(kept, "team"), into, folder=f"apps/{number}", ref=sha)
            assert (into / "app.py").read_text() == f"app {number}"

    with ThreadPoolExecutor(4) as threads:
        reading = [threads.submit(read, number) for number in range(4)]
        while not all(each.done() for each in reading):
            git_cache.prune(kept, max_age=0)
    for each in reading:
        each.result()
