"""Whom builds and apps run as: uid 1000, as on the Hub, where localhub may choose and that user can get there."""

import os
import stat
import sys
from pathlib import Path

UID = 1000
PIP_SETTINGS = Path.home() / ".config" / "pip" / "pip.conf"


def choose(data: Path) -> int | None:
    """1000 for a localhub that is root; None to stay what localhub is."""
    if os.geteuid() != 0:
        return None
    interpreter = Path(sys.base_prefix)
    return UID if all(map(_open_to_all, (*data.resolve().parents, interpreter, *interpreter.parents))) else None


def prepare(data: Path, uid: int) -> None:
    """Lets that user into the folders that are theirs, and past the others, which stay closed."""
    data.chmod(0o711)
    for name in ("repositories", "logs", "xet"):
        (data / name).mkdir(mode=0o700, exist_ok=True)
        (data / name).chmod(0o700)
    for name in ("venvs", "pip-cache", "buckets"):
        (data / name).mkdir(exist_ok=True)
        os.chown(data / name, uid, uid)
    if PIP_SETTINGS.exists():
        copy = data / "pip-cache" / "pip.conf"
        copy.touch(mode=0o600)
        copy.write_bytes(PIP_SETTINGS.read_bytes())
        os.chown(copy, uid, uid)


def own(folder: Path, uid: int) -> None:
    """Gives a whole folder to that user, never following a link out of it."""
    os.chown(folder, uid, uid)
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(Path(place, name), uid, uid, follow_symlinks=False)


def _open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
