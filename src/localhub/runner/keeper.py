"""Runs one command and lets nothing of it outlive localhub.

Started as a program of its own, with a pipe from localhub as standard input. When the pipe closes, because
localhub asked for it or because it was killed, the command's whole process group is ended: SIGTERM first,
SIGKILL after a grace period. Ends with the command's exit code, or 128 plus the signal.

    python -I -S keeper.py GRACE_SECONDS UID WORKING_DIRECTORY COMMAND [ARGUMENT...]

UID is whom the command runs as, or `-` for whoever localhub runs as. The keeper itself stays who it is.
"""

import _thread
import os
import signal
import sys
import time
from contextlib import suppress


def main() -> None:
    grace, uid, folder, command = float(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    os.chdir(folder)
    quiet = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    try:
        if uid != "-":
            _become(int(uid))
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet, setpgroup=0)
    except OSError as error:
        # The shell's own codes for a command that is missing or may not be run.
        print(f"exec: {command[0]!r}: {error.strerror}", flush=True)  # noqa: T201
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)
    if uid != "-":
        _become(0)
    # Terminals signal the whole foreground group; ending is decided by the pipe alone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _thread.start_new_thread(_end_with_pipe, (child, grace))
    _, status = os.waitpid(child, 0)
    _signal(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _become(uid: int) -> None:
    """With root kept in reserve, which a started command does not inherit."""
    os.setresuid(0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, 0)
    os.setresuid(uid, uid, 0)


def _end_with_pipe(child: int, grace: float) -> None:
    os.read(0, 1)
    _signal(child, signal.SIGTERM)
    time.sleep(grace)
    _signal(child, signal.SIGKILL)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    main()
