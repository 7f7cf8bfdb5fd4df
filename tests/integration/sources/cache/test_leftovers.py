"""What is kept is whole, and goes in time: under crashes, when it is too much, and while it is read."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.git_server import GitServer
from tests.integration.sources.cache.conftest import DEADLINE, ROOT, complete, conversations, fetch, mono

from spaceport.sources import git_cache
from spaceport.sources.commands import Guard
from spaceport.sources.git_cache import Cache
from spaceport.sources.limits import DEFAULT

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
    fetch(server, cache, tmp_path / "anew", ref=sha)
    assert (tmp_path / "anew" / "apps" / "0" / "app.py").read_text() == "app 0"
    assert conversations(server) == 2


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
