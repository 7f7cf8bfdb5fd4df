"""The one way git is called."""

import os
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LANG": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


class GitError(Exception):
    """git ended with a non-zero status."""

    def __init__(self, message: str, repository: Path) -> None:
        super().__init__(message)
        self.repository = repository


def git(
    repository: Path, *arguments: str, data: bytes = b"", env: dict[str, str] | None = None, no_failure: int = 0
) -> bytes:
    """What it printed. `no_failure` is a status besides 0 that means no failure. Raises GitError."""
    done = subprocess.run(
        ["git", "--git-dir", str(repository), *arguments],
        input=data,
        capture_output=True,
        check=False,
        env=ENVIRONMENT | (env or {}),
    )
    if done.returncode not in {0, no_failure}:
        raise GitError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}", repository)
    return done.stdout
