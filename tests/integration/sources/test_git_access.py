"""Whom Git asks, what it shows them, and how it ends."""

import base64
import re
import tempfile
import threading
from collections.abc import Iterator
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

TOKEN = "s3cret-token-of-the-test"


@pytest.fixture(scope="module")
def private() -> Iterator[GitServer]:
    with GitServer(token=TOKEN) as running:
        running.repo("app").commit({"a": "1"})
        yield running


@pytest.mark.parametrize("token", [TOKEN, f"someone:{TOKEN}"])
def test_a_private_repository_opens_with_its_token(private: GitServer, into: Path, token: str):
    fetch(private, "app", into, token=token)
    assert contents(into) == {"a": b"1"}


def test_a_private_repository_asks_for_a_token(private: GitServer, into: Path):
    assert refusal(private, "app", into).code == "git_authentication_required"


def test_a_wrong_token_is_refused_and_not_repeated_in_the_error(private: GitServer, into: Path):
    error = refusal(private, "app", into, token="wrong-token-value")
    assert error.code == "git_authentication_failed"
    assert "wrong-token-value" not in everything_about(error)
    assert base64.b64encode(b"x-access-token:wrong-token-value").decode() not in everything_about(error)


def everything_about(error: BaseException) -> str:
    chain = []
    step: BaseException | None = error
    while step is not None:
        chain.append(repr(step) + repr(vars(step)))
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    return "\n".join(chain)


class Running(threading.Thread):
    """A fetch under way, and what came of it."""

    def __init__(self, server: GitServer, into: Path, **more) -> None:
        super().__init__()
        self.cancelled = threading.Event()
        self.error: errors.SpaceportError | None = None
        self._fetch = lambda: fetch(server, "app", into, cancelled=self.cancelled, **more)

    def run(self) -> None:
        try:
            self._fetch()
        except errors.SpaceportError as error:
            self.error = error


def git_processes(folder: Path) -> dict[int, str]:
    """Command lines of the processes that work in `folder`."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and str(folder) in str((process / "cwd").readlink()):
                found[int(process.name)] = (process / "cmdline").read_bytes().decode()
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="reads /proc")
def test_a_cancelled_fetch_stops_with_all_its_processes_and_never_shows_the_token(into: Path):
    with GitServer(hang=True) as hanging:
        running = Running(hanging, into, token=TOKEN)
        running.start()
        assert hanging.asked.wait(10)
        seen = git_processes(into.parent)
        running.cancelled.set()
        running.join(5)
        assert not running.is_alive()
        assert len(seen) >= 2
        encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        assert not [line for line in seen.values() if TOKEN in line or encoded in line]
        assert running.error.code == "fetch_canceled"
        assert not git_processes(into.parent)


# What git is told, and what it sets itself for its own children.
_OURS = re.compile(
    r"HOME|LC_ALL|GIT_(DIR|CONFIG_(NOSYSTEM|GLOBAL|COUNT|KEY_\d+|VALUE_\d+)|ATTR_NOSYSTEM|TERMINAL_PROMPT|ALLOW_PROTOCOL"
    r"|EXEC_PATH|PREFIX)|PATH"
)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="reads /proc")
@pytest.mark.parametrize("ref", ["main", "a" * 40])
def test_every_process_of_a_fetch_gets_a_clean_environment_and_plain_arguments(
    into: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], ref: str
):
    secrets = {"HF_TOKEN": "hf_of_the_instance", "DATABASE_URL": "postgres://user:pass@db/x", "SEALING_KEY": "sealing"}
    for name, value in (secrets | {"GIT_ASKPASS": "/bin/evil", "SSH_ASKPASS": "/bin/evil", "GIT_TRACE": "1"}).items():
        monkeypatch.setenv(name, value)
    with GitServer(hang=True) as hanging:
        running = Running(hanging, into, token=TOKEN, ref=ref)
        running.start()
        assert hanging.asked.wait(10)
        environments = {number: environment(number) for number in git_processes(into.parent)}
        lines = list(git_processes(into.parent).values())
        running.cancelled.set()
        running.join(5)
    assert environments
    for variables in filter(None, environments.values()):
        assert not [name for name in variables if not _OURS.fullmatch(name)]
        assert not set(secrets.values()) & set(variables.values())
        assert variables["GIT_TERMINAL_PROMPT"] == "0"
        assert variables["GIT_ALLOW_PROTOCOL"] == "http"
    for line in lines:
        arguments = line.rstrip("\0").split("\0")
        assert {each for each in arguments if "://" in each} <= {hanging.url("app")}
        assert not [each for each in arguments if "@" in each or TOKEN in each]
        assert "sh" not in Path(arguments[0]).name
    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err


def environment(number: int) -> dict[str, str]:
    """Of a process; {} for one that has just ended."""
    try:
        raw = Path(f"/proc/{number}/environ").read_bytes().decode()
    except OSError:
        return {}
    return dict(item.partition("=")[::2] for item in raw.split("\0") if item)


def test_a_host_that_never_answers_runs_into_the_time_limit(into: Path):
    with GitServer(hang=True) as hanging:
        error = refusal(hanging, "app", into, limits=replace(DEFAULT, seconds=0.5))
    assert error.code == "fetch_timed_out"


def test_a_redirect_is_not_followed_and_nobody_is_asked_there(server: GitServer, into: Path):
    server.repo("moved").commit({"a": "1"})
    before = len(server.requests)
    with GitServer(redirect_to=f"http://{server.host}") as redirecting:
        error = refusal(redirecting, "moved", into)
    assert error.code == "git_redirect_refused"
    assert len(server.requests) == before


def test_a_private_host_is_refused_before_anything_is_sent(server: GitServer, into: Path):
    before = len(server.requests)
    source = GitSource(url=server.url("plain"))
    with pytest.raises(errors.Invalid) as caught:
        git.fetch(source, into, token=None, policy=Policy(), cancelled=lambda: False)
    assert caught.value.code == "egress_refused"
    assert len(server.requests) == before


def test_git_connects_to_the_address_that_was_checked(server: GitServer, into: Path):
    server.repo("pinned").commit({"a": "1"})
    port = server.host.partition(":")[2]
    policy = Policy((f"git.invalid:{port}",), resolver=lambda *_: ["127.0.0.1"])
    source = GitSource(url=server.url("pinned", host="git.invalid"))
    git.fetch(source, into, token=None, policy=policy, cancelled=lambda: False)
    assert contents(into) == {"a": b"1"}


def test_nobody_elses_configuration_reaches_git(server: GitServer, into: Path, monkeypatch: pytest.MonkeyPatch):
    server.repo("strict").commit({"a": "1"})
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / ".gitconfig").write_text("[http]\n\tproxy = http://127.0.0.1:1\n[fetch]\n\tfsckObjects = maybe\n")
        monkeypatch.setenv("HOME", home)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
        monkeypatch.setenv("GIT_DIR", home)
        fetch(server, "strict", into)
    assert contents(into) == {"a": b"1"}


def test_a_closed_port_is_an_unreachable_host(into: Path):
    with GitServer() as gone:
        url, host = gone.url("x"), gone.host
    with pytest.raises(errors.UpstreamFailed) as caught:
        git.fetch(GitSource(url=url), into, token=None, policy=Policy((host,)), cancelled=lambda: False)
    assert caught.value.code == "git_unreachable"
