"""Folders for questions to Git hosts, below the system's temporary one. A killed process leaves its own behind."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "spaceport-git-"
# In seconds, and far longer than anything is worked at.
_ABANDONED_AFTER = 86_400.0


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as made:
        yield Path(made)


def prune(work: Path) -> None:
    """Throw away what killed processes left a day ago: such folders, and those in `work`."""
    for left in (*Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"), *work.glob("*")):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.lstat().st_mtime > _ABANDONED_AFTER:
                # What belongs to somebody else stays, and a link is not followed.
                shutil.rmtree(left, ignore_errors=True)
