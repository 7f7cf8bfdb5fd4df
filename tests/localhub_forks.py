"""Starts localhub by forking a process that has everything imported, which takes a tenth of a start from the shell.

Each message on the socket named by the first argument is a JSON list of arguments and a dictionary of environment
variables, with the descriptor that becomes standard output. The answer is the process id. Apart from how it comes to
be, the process is what `python -m localhub` would be: `localhub.cli.main`, on its own arguments.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

from localhub import cli

LARGEST = 1_000_000


def serve(requests: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, forget)
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(requests, LARGEST, 1)
        if not message:
            return
        child = os.fork()
        if not child:
            requests.close()
            run(*json.loads(message), descriptors[0])
        os.close(descriptors[0])
        requests.sendall(f"{child}\n".encode())


def forget(*_signal: object) -> None:
    """Takes notice of whatever has ended, so that its process id goes, by which whoever asked sees the end."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def run(arguments: list[str], env: dict[str, str], output: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(output, 1)
    os.close(output)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["localhub", *arguments]
    code: object = 1
    try:
        cli.main()
    except SystemExit as error:
        code = error.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
