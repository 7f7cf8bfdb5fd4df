import base64
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.git_server import GitServer

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.sources import git
from spaceport.sources.commands import Guard
from spaceport.sources.git_remote import Remote
from spaceport.sources.git_repository import Repository
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import Fetched, GitSource

TOKEN = "s3cret-token-of-the-test"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.fixture(scope="module")
def server() -> Iterator[GitServer]:
    with GitServer() as running:
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "source"


def fetch(
    server: GitServer,
    name: str,
    into: Path,
    *,
    token: str | None = None,
    limits: Limits = DEFAULT,
    cancelled: threading.Event | None = None,
    **source: str,
) -> Fetched:
    return git.fetch(
        GitSource(url=server.url(name), **source),
        into,
        token=token,
        policy=Policy((server.host,)),
        cancelled=(cancelled or threading.Event()).is_set,
        limits=limits,
    )


def refusal(server: GitServer, name: str, into: Path, **more) -> errors.SpaceportError:
    with pytest.raises(errors.SpaceportError) as caught:
        fetch(server, name, into, **more)
    assert not [path for path in into.parent.iterdir() if path != into], "scratch space was left behind"
    return caught.value


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
