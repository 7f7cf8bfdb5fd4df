"""The data folder, which is one localhub's at a time."""

import fcntl
import os
from pathlib import Path


class InUse(Exception):
    """Another localhub works in the folder."""


def hold(data: Path) -> None:
    """Until the process ends, however it ends. Makes the folder. Raises InUse."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(data / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise InUse from error
