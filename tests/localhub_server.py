"""A real localhub process for tests: on a free port, in a folder of its own, ended by its process id."""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from huggingface_hub import HfApi

START_TIMEOUT = 20
STOP_TIMEOUT = 20
ROOT = Path(__file__).parents[1]


class LocalHub:
    """One server. `restart` and `kill` keep its data folder, and so does starting another one on it."""

    def __init__(
        self, folder: Path, *options: str, token: str = "hf_local", admin: bool = True, python: str | None = None
    ) -> None:
        """`python` starts it from the shell, with that interpreter; otherwise it is forked, which is quick."""
        self.folder = folder
        self.python = python
        self.admin = admin
        self.token = token
        self.options = options
        self.url = ""
        self._process: _Forked | subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, *, port: int = 0) -> None:
        place = ("serve", "--docker", "never", "--data", str(self.folder), "--port", str(port))
        arguments = [*place, *(["--admin"] if self.admin else []), *self.options]
        self._process = self._started(arguments) if self.python else _forks().start(arguments)
        self.url = self._address()

    def stop(self) -> None:
        """SIGTERM, as a service manager would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Ends it if it still runs, and starts it again at the same address."""
        port = self.port
        self.stop()
        self.start(port=port)

    def api(self, token: str | None = None) -> HfApi:
        return HfApi(endpoint=self.url, token=token or self.token)

    def http(self, token: str | None = None) -> httpx.Client:
        """A bare client, for what the official one hides."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    def calls(self, **filters: str | int) -> list[dict[str, Any]]:
        """Calls so far, oldest first. Filters: method, path (a part of it), user, since (time), after (number)."""
        return self._admin("GET", "calls", params=filters)

    def clear_calls(self) -> None:
        self._admin("DELETE", "calls")

    def fault(self, **facts: Any) -> None:
        """Scripts a fault; the keys are those of `localhub.faults.Fault`."""
        self._admin("POST", "faults", json=facts)

    def custom_domain(self, repo_id: str, domain: str, stage: str) -> None:
        self._admin("PUT", f"domains/{repo_id}", json={"domain": domain, "stage": stage})

    def faults(self) -> list[dict[str, Any]]:
        """Those that may still strike."""
        return self._admin("GET", "faults")

    def clear_faults(self) -> None:
        self._admin("DELETE", "faults")

    def runtime(self, repo_id: str) -> dict[str, Any]:
        """As the API shows it, but neither counted nor logged."""
        return self._admin("GET", f"runtime/{repo_id}")

    def wait(self, repo_id: str, *stages: str, sha: str | None = None, timeout: float = 30) -> dict[str, Any]:
        """The runtime once it is in one of the stages (and serves `sha`). Does not count as calls to the API."""
        deadline = time.monotonic() + timeout
        while True:
            runtime = self.runtime(repo_id)
            if runtime["stage"] in stages and sha in {None, runtime.get("sha")}:
                return runtime
            if time.monotonic() > deadline:
                raise TimeoutError(f"{repo_id} is not {stages} but {runtime}\n{self.logs(repo_id)}")
            time.sleep(0.02)

    def logs(self, repo_id: str) -> str:
        """The log of the latest build."""
        return "".join(self.api().fetch_space_logs(repo_id, build=True))

    def _admin(self, method: str, what: str, **options: Any) -> Any:
        with self.http() as client:
            answer = client.request(method, f"/_localhub/{what}", **options)
            answer.raise_for_status()
            return answer.json()

    def _started(self, arguments: list[str]) -> "subprocess.Popen[bytes]":
        assert self.python
        command = [self.python, "-m", "localhub", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment())

    def _address(self) -> str:
        assert self._process
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT)
        line = self._process.stdout.readline().decode() if ready else ""
        _, found, address = line.strip().partition("localhub: listening on ")
        if not found:
            self.kill()
            raise RuntimeError(f"localhub did not start: {line!r}")
        return address

    def _end(self, number: int) -> None:
        if self._process:
            if self._process.poll() is None:
                self._process.send_signal(number)
            self._process.wait(STOP_TIMEOUT)
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None


class _Forked:
    """What is needed of `subprocess.Popen`, for a process that is a child of another one."""

    def __init__(self, pid: int, output: int) -> None:
        self.pid = pid
        self.stdout = os.fdopen(output, "rb")
        self._gone = False

    def poll(self) -> int | None:
        with suppress(ProcessLookupError):
            if not self._gone:
                os.kill(self.pid, 0)
                return None
        self._gone = True
        return 0

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"localhub {self.pid} did not end")
            time.sleep(0.005)


class _Forks:
    """The process that localhub is forked from. It ends when the socket closes, however that comes about."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        command = [sys.executable, str(Path(__file__).with_name("localhub_forks.py")), str(other.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], env=_environment())
        other.close()
        self._answers = self._socket.makefile()
        atexit.register(self._end)

    def start(self, arguments: list[str]) -> _Forked:
        reading, writing = os.pipe()
        message = json.dumps([arguments, _environment()]).encode()
        socket.send_fds(self._socket, [message], [writing])
        os.close(writing)
        return _Forked(int(self._answers.readline()), reading)

    def _end(self) -> None:
        self._answers.close()
        self._socket.close()
        self._process.wait(STOP_TIMEOUT)


@functools.cache
def _forks() -> _Forks:
    return _Forks()


def _environment() -> dict[str, str]:
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *inherited])}
