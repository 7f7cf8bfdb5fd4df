"""Running a program that must not outlive its time, its disk allowance or the caller's patience."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spaceport import errors
from spaceport.sources import files
from spaceport.sources.limits import Limits

_LOOK_EVERY = 0.1
_STDERR_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Guard:
    """What is watched while a program works in `folder`. One guard spans all commands of a fetch."""

    folder: Path
    limits: Limits
    cancelled: Callable[[], bool]
    started: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Raises errors.Conflict(code="fetch_canceled"), errors.UpstreamFailed, errors.TooLarge."""
        if self.cancelled():
            raise errors.Conflict("The fetch was canceled.", code="fetch_canceled")
        if time.monotonic() - self.started > self.limits.seconds:
            raise errors.UpstreamFailed(
                f"Fetching the source took longer than {self.limits.seconds:g} seconds.",
                code="fetch_timed_out",
                fix="Try again; if it stays slow, make the repository smaller.",
            )
        if _folder_bytes(self.folder) > self.limits.total_bytes:
            raise files.too_large(self.limits)


def run(argv: Sequence[str], *, env: Mapping[str, str], guard: Guard, stdout: Path) -> tuple[int, str]:
    """The exit status and the end of stderr; output goes to the file `stdout` inside the guarded folder.

    The program leads its own process group, and the whole group is killed when the guard raises.
    """
    stderr = stdout.with_suffix(".err")
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=env,
            cwd=guard.folder,
            start_new_session=True,
        )
        _wait(process, guard)
    return process.returncode, _tail(stderr)


def _wait(process: subprocess.Popen[bytes], guard: Guard) -> None:
    try:
        while True:
            try:
                process.wait(_LOOK_EVERY)
            except subprocess.TimeoutExpired:
                guard.check()
            else:
                break
        guard.check()
    except BaseException:
        # Not only the leader: git leaves the network to a child of its own.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _STDERR_BYTES))
        return file.read().decode(errors="replace")


def _folder_bytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 (hot: ten times a second)
            except FileNotFoundError:
                continue  # git renames its temporary files while we look
    return total
