"""What somebody sees who types `make demo`."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[2]
UP = "Ctrl-C stops it all"
LIMIT = 60


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folders: those are closed to the account that runs Postgres for root."""
    path = Path(tempfile.mkdtemp(prefix="spaceport-demo-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_once_ends_well_and_a_second_run_takes_up_what_is_there(folder):
    first = demo(folder, "--once", DATABASE_URL="postgres://nowhere/none", HF_TOKEN="hf_of_the_caller")
    second = demo(folder, "--once")

    for run in (first, second):
        assert run.returncode == 0, run.stdout + run.stderr
        assert re.search(r"✓ Build +\d+\.\d s", run.stdout)
        assert re.search(r"The app +http://127\.0\.0\.1:\d+", run.stdout)
    assert "build │ --> FROM python:3.11-slim" in first.stdout
    assert "no new commit" in second.stdout
    assert address(first.stdout) == address(second.stdout)
    assert password_is_kept_to_itself(folder / "data", first.stdout + second.stdout)
    assert left_behind(folder) == []


def test_it_stays_up_until_ctrl_c_and_leaves_nothing_behind(folder):
    with started(folder) as running:
        output = until_up(running)
        assert "It is live." in httpx.get(address(output), trust_env=False).text
        assert processes(folder) != []
        running.send_signal(signal.SIGINT)
        assert running.wait(LIMIT) == 0
    assert left_behind(folder) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_killed_demo_leaves_nothing_behind(folder):
    with started(folder) as running:
        until_up(running)
        left = processes(folder)
        running.kill()
        running.wait(LIMIT)
    _, alive = psutil.wait_procs(left, timeout=LIMIT)
    assert alive == []


def test_a_second_demo_on_the_same_folder_is_told_so(folder):
    with started(folder) as running:
        until_up(running)
        second = demo(folder, "--once")
        running.terminate()
        running.wait(LIMIT)

    assert second.returncode == 1
    assert second.stderr.startswith("spaceport: A demo is already running on ")
    assert second.stderr.count("\n") == 1


def test_a_taken_port_is_one_line_that_says_what_to_do(folder):
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        run = demo(folder, "--once", PORT=str(port))

    assert run.returncode == 1
    assert run.stderr == f"spaceport: Port {port} is in use. Set PORT to another one: make demo PORT=7861.\n"


def test_a_machine_without_git_is_one_line_that_says_what_to_do(folder):
    run = demo(folder, "--once", PATH=str(folder))

    assert run.returncode == 1
    assert run.stderr == "spaceport: There is no git on this machine. Install git, then try again.\n"


def test_a_folder_that_cannot_be_written_is_one_line_that_says_what_to_do(folder):
    (folder / "data").write_text("a file where the folder should be")
    run = demo(folder, "--once")

    assert run.returncode == 1
    assert "cannot be written: File exists. Choose a folder of your own: make demo DATA=folder." in run.stderr
    assert run.stderr.count("\n") == 1


def test_an_app_that_does_not_build_ends_with_the_reason(folder):
    app = folder / "broken"
    app.mkdir()
    (app / "Dockerfile").write_text('FROM python:3.11-slim\nRUN echo about to break; exit 7\nCMD ["python"]\n')
    run = demo(folder, "--once", "--app", str(app))

    assert run.returncode == 1
    assert re.search(r"✗ Build +\d+\.\d s", run.stdout)
    assert "build │ about to break" in run.stdout
    assert run.stderr.startswith("spaceport: The build failed.")
    assert left_behind(folder) == []


def demo(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        env=surroundings(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(command(folder), env=surroundings({}), cwd=ROOT, stdout=subprocess.PIPE, text=True)


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "spaceport", "demo", "--data", str(folder / "data"), *options]


def surroundings(more: dict[str, str]) -> dict[str, str]:
    """The caller's environment, with a free port; a test may run next to others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return os.environ | {"PYTHONPATH": "src", "PORT": port} | more


def until_up(running: subprocess.Popen[str]) -> str:
    """What it has said once it stays up. Its own limits end it if it never does."""
    assert running.stdout
    said = ""
    for line in running.stdout:
        said += line
        if UP in line:
            return said
    raise AssertionError(f"the demo ended: {said}")


def password_is_kept_to_itself(data: Path, output: str) -> bool:
    kept = data / "password"
    told = output + "".join(log.read_text() for log in data.glob("*.log"))
    return kept.stat().st_mode & 0o777 == 0o600 and kept.read_text().strip() not in told


def address(output: str) -> str:
    found = re.search(r"The app +(http://\S+)", output)
    assert found, output
    return found[1]


def left_behind(folder: Path) -> list[psutil.Process]:
    """What was started on the folder and does not end by itself within a moment."""
    _, alive = psutil.wait_procs(processes(folder), timeout=5)
    return alive


def processes(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if concerns(process, folder)]


def concerns(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.pid != os.getpid() and (
            any(str(folder) in word for word in process.cmdline()) or process.cwd().startswith(str(folder))
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
