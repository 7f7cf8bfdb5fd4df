"""`localhub run FOLDER`."""

import os
import re
import select
import signal
import subprocess
import sys
import time

import httpx
import pytest
from tests.localhub import spaces
from tests.localhub_server import ROOT

DOCKERFILE = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD python app.py\n"


class Run:
    """The real program, and what it has printed so far."""

    def __init__(self, tmp_path, *options: str, **env: str) -> None:
        self.printed = ""
        self._seen = 0
        path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "localhub", "run", str(tmp_path / "my app"), "--docker", "never", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")} | env,
        )

    def until(self, pattern: str) -> str:
        """Reads on until the pattern is found after the one before. Returns its first group, or all of it."""
        deadline = time.monotonic() + 60
        while not (found := re.compile(pattern).search(self.printed, self._seen)):
            assert time.monotonic() < deadline, self.printed
            assert self.process.stdout
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            if ready:
                chunk = os.read(self.process.stdout.fileno(), 65_536)
                assert chunk, self.printed
                self.printed += chunk.decode()
        self._seen = found.end()
        return found.group(1) if found.groups() else found.group()

    def end(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=20)
        self.printed += out.decode()
        return self.process.returncode


@pytest.fixture
def run(tmp_path):
    running = []

    def begin(*options: str, **env: str) -> Run:
        running.append(Run(tmp_path, *options, **env))
        return running[-1]

    yield begin
    for program in running:
        program.end(signal.SIGKILL)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "my app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "app.py").write_text(spaces.app())
    return folder


def visit(address: str) -> dict:
    return httpx.get(address, trust_env=False, timeout=10).json()


def test_it_builds_runs_and_builds_again_when_a_file_changes(run, folder):
    program = run()
    address = program.until(r"running on (\S+)")
    assert "COPY . ." in program.printed
    assert "app 1 starts" in program.printed
    shown = visit(address)
    assert (shown["version"], shown["env"]["SPACE_ID"]) == ("1", "local/my-app")
    program.until("watching")
    (folder / "app.py").write_text(spaces.app("2"))
    assert program.until(r"running on (\S+)") == address
    assert visit(address)["version"] == "2"
    assert program.end() == 0
    assert "Traceback" not in program.printed
    with pytest.raises(httpx.ConnectError):
        visit(address)


def test_a_failure_is_shown_and_mending_it_is_enough(run, folder):
    (folder / "app.py").write_text("raise SystemExit('not yet')")
    program = run()
    program.until("RUNTIME_ERROR .*not yet")
    program.until("watching")
    (folder / "app.py").write_text(spaces.app())
    program.until("running on")


def test_once_ends_with_code_1_and_the_log_when_the_build_fails(run, folder):
    (folder / "Dockerfile").write_text("FROM python:3.11\nRUN echo this is why && exit 3\n")
    program = run("--once")
    assert program.process.wait(timeout=60) == 1
    program.end()
    assert "this is why" in program.printed
    assert "BUILD_ERROR" in program.printed


def test_once_does_not_watch(run, folder):
    program = run("--once")
    program.until("running on")
    assert program.end() == 0
    assert "watching" not in program.printed


def test_what_git_would_ignore_is_not_part_of_the_space(run, folder):
    (folder / ".gitignore").write_text("*.secret\n")
    (folder / "my.secret").write_text("x")
    for name in (".git", ".venv", "__pycache__", "kept"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    (folder / "app.py").write_text("import os\nprint('files', sorted(os.listdir()), flush=True)\n" + spaces.app())
    listed = run().until(r"files (\[.*\])")
    assert listed == str([".gitattributes", ".gitignore", "Dockerfile", "README.md", "app.py", "kept"])


def test_variables_and_secrets_are_given_without_the_secret_being_an_argument(run, folder):
    program = run("--variable", "COLOR=red", "--secret", "TOKEN", TOKEN="hidden")
    env = visit(program.until(r"running on (\S+)"))["env"]
    assert (env["COLOR"], env["TOKEN"]) == ("red", "hidden")


def test_a_static_folder_needs_no_readme(run, folder):
    (folder / "Dockerfile").unlink()
    (folder / "index.html").write_text("<h1>hello</h1>")
    address = run().until(r"running on (\S+)")
    assert httpx.get(address, trust_env=False).text == "<h1>hello</h1>"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--variable", "COLOR"), "COLOR: expected KEY=VALUE"),
        (("--variable", "1A=2"), "1A: a name of letters, digits and _, beginning with a letter, is needed"),
        (("--secret", "MISSING"), "MISSING is not set in the environment"),
    ],
)
def test_a_variable_or_secret_that_makes_no_sense_ends_it(run, folder, options, said):
    program = run(*options)
    assert program.process.wait(timeout=60) == 2
    program.end()
    assert said in program.printed


def test_a_folder_without_an_app_is_told_what_is_missing(run, folder):
    (folder / "Dockerfile").unlink()
    (folder / "app.py").unlink()
    program = run("--once")
    program.until(r"localhub: NO_APP_FILE there is no app\.py")
    assert program.process.wait(timeout=60) == 1


def test_one_folder_is_not_run_twice_at_once(run, folder):
    run().until("running on")
    second = run()
    assert second.process.wait(timeout=60) == 1
    second.end()
    assert "is being run already" in second.printed
