"""`make demo` on a machine that lacks something: one line, before anything is downloaded or written."""

import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "scripts" / "setup"


@pytest.fixture
def programs(tmp_path) -> Path:
    """A PATH of its own, with git, a Python that is good enough, and what the script itself uses."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("mkdir", "touch", "id"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    pretend(folder, "git", "exit 0")
    pretend(folder, "python3", "exit 0")
    return folder


def test_an_old_python_is_refused(tmp_path, programs):
    pretend(programs, "python3", 'case "$*" in --version) echo "Python 3.9.2";; *) exit 1;; esac')

    assert said(tmp_path, programs) == (
        "setup: Python 3.11 or newer is needed and python3 is Python 3.9.2;"
        " install one, or name it: make PYTHON=/path/to/python3.12 ...\n"
    )


def test_a_python_that_is_named_is_the_only_one_tried(tmp_path, programs):
    pretend(programs, "python2", 'case "$*" in --version) echo "Python 2.7.18";; *) exit 1;; esac')

    assert "python2 is Python 2.7.18" in said(tmp_path, programs, PYTHON="python2")


def test_a_missing_git_is_refused(tmp_path, programs):
    (programs / "git").unlink()

    assert said(tmp_path, programs) == (
        "setup: git is needed; install it (Debian: apt install git, macOS: xcode-select --install).\n"
    )


def test_a_python_without_venv_is_refused(tmp_path, programs):
    pretend(programs, "python3", 'case "$*" in *ensurepip*) exit 1;; esac')

    assert (
        said(tmp_path, programs)
        == "setup: python3 comes without venv; install it (Debian: apt install python3-venv).\n"
    )


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, programs):
    # A file in the way: permissions would not stop root.
    (tmp_path / ".venv").touch()

    assert said(tmp_path, programs).endswith("; clone into a folder of your own.\n")


def said(folder: Path, programs: Path, **environment: str) -> str:
    """What the script says before it gives up."""
    run = subprocess.run(
        ["/bin/sh", str(SETUP), "requirements.txt"],
        cwd=folder,
        env={"PATH": str(programs)} | environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    return run.stderr


def pretend(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
