"""Whom builds and apps run as: uid 1000, as on the Hub, where localhub may choose and that user can get there."""

import os
import stat
import sys
from pathlib import Path

UID = 1000
PIP_SETTINGS = Path.home() / ".config" / "pip" / "pip.conf"


def choose(data: Path) -> int | None:
    """1000 for a localhub that is root; None to stay what localhub is."""
    return None if os.geteuid() != 0 or _closed(data) else UID


def warning(data: Path) -> str:
    """What a localhub has to say that is root and lets everything else be root too; empty when it does not."""
    closed = _closed(data)
    if os.geteuid() != 0 or closed is None:
        return ""
    means = "another --data" if closed in data.resolve().parents else "a python that every user can start"
    return (
        f"builds, apps and jobs run as root, because uid {UID} cannot enter {closed}: "
        f"choose {means}, let everybody through (chmod o+x {closed}), or start localhub as an ordinary user"
    )


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


def _closed(data: Path) -> Path | None:
    """The first folder that keeps others from the data folder or from the interpreter."""
    interpreter = Path(sys.base_prefix)
    way = (*reversed(data.resolve().parents), *reversed(interpreter.parents), interpreter)
    return next((folder for folder in way if not _is_open(folder)), None)


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
