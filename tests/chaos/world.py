"""The programs under fire: a Hub, a database, API replicas and workers, each a real process."""

import base64
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from tests.localhub_server import LocalHub

from spaceport.db.embedded import Embedded

ROOT = Path(__file__).parents[2]
_READY_WITHIN = 60


class Program:
    """One `spaceport …` process that is started again whenever it was killed."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "spaceport", *arguments]
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen_until = 0.0
        self.start()

    @property
    def frozen(self) -> bool:
        return self._frozen_until > 0

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def over(self) -> bool:
        assert self._process
        return self._process.poll() is not None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=output, stderr=output, cwd=self._log.parent
            )

    def kill(self) -> None:
        """SIGKILL, and a new process in its place."""
        self.die()
        self.start()

    def die(self) -> None:
        """SIGKILL, and nobody in its place."""
        self._send(signal.SIGKILL)
        assert self._process
        self._process.wait()
        self._frozen_until = 0

    def freeze(self, seconds: float) -> None:
        """SIGSTOP; `thaw` wakes it when the time has come."""
        self._send(signal.SIGSTOP)
        self._frozen_until = time.monotonic() + seconds

    def keep_up(self) -> None:
        """Start it again if it ended by itself, as a platform would."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def thaw(self, *, now: bool = False) -> None:
        if self.frozen and (now or time.monotonic() >= self._frozen_until):
            self._send(signal.SIGCONT)
            self._frozen_until = 0

    def stop(self) -> None:
        self.thaw(now=True)
        self._send(signal.SIGTERM)
        assert self._process
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, *words: str, seconds: float = 30) -> None:
        """Until its output holds one of these words."""
        deadline = time.monotonic() + seconds
        while not any(word in self.output() for word in words):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} never said one of {words}:\n{self.output()[-2000:]}")
            time.sleep(0.05)

    def _send(self, number: int) -> None:
        assert self._process
        if self._process.poll() is None:
            self._process.send_signal(number)


class World:
    def __init__(self, folder: Path, *, workers: int, replicas: int) -> None:
        self._folder = folder
        self.postgres = Embedded(folder / "database")
        self.postgres.start()
        self.hub = LocalHub(folder / "hub")
        common = self._environment(folder)
        self.replicas: list[str] = []
        self.programs: list[Program] = []
        self.workers: list[Program] = []
        for number in range(replicas):
            port = free_port()
            self.replicas.append(f"http://127.0.0.1:{port}")
            self._add(folder, f"api-{number}", ["serve", "--no-worker"], common | {"PORT": str(port)})
        for number in range(workers):
            self.workers.append(self._add(folder, f"worker-{number}", ["worker"], common))

    def some_program(self, dice: random.Random) -> Program:
        """Workers four times as often as API replicas: they are where the work is."""
        return dice.choices(self.programs, [4 if p.name.startswith("worker") else 1 for p in self.programs])[0]

    def thaw(self) -> None:
        """Wake whoever has been frozen for long enough."""
        for program in self.programs:
            program.thaw()
            program.keep_up()

    def restart_database(self, number: signal.Signals = signal.SIGQUIT) -> None:
        self.crash_database(number)
        self.postgres.start()

    def crash_database(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Connections are cut in the middle of what they do; with SIGKILL nobody even tells them."""
        os.kill(self._postmaster().pid, number)
        while self.postgres.running:
            time.sleep(0.05)

    def freeze_database(self, seconds: float) -> None:
        """SIGSTOP to the server and everyone who serves a connection, and SIGCONT after a while."""
        postmaster = self._postmaster()
        stopped = [postmaster, *postmaster.children()]
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        time.sleep(seconds)
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _postmaster(self) -> psutil.Process:
        pid_file = next((self._folder / "database").rglob("postmaster.pid"))
        return psutil.Process(int(pid_file.read_text().split()[0]))

    def close(self) -> None:
        for program in self.programs:
            program.stop()
        self.hub.stop()
        self.postgres.stop()

    def _add(self, folder: Path, name: str, arguments: list[str], environment: dict[str, str]) -> Program:
        home = folder / name
        home.mkdir()
        environment = environment | {"DATA_DIR": str(home)}
        program = Program(name, arguments, environment, home / "output.log")
        self.programs.append(program)
        return program

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(folder),
            "HOST": "127.0.0.1",
            "DATABASE_URL": self.postgres.url,
            "JWT_SECRET": secrets.token_urlsafe(48),
            "SEALING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HF_ENDPOINT": self.hub.url,
            "PUSH_LIMIT": "20",
            "TEAM_PUSH_LIMIT": "20",
        }


@contextmanager
def world(folder: Path, *, workers: int, replicas: int) -> Iterator[World]:
    made = World(folder, workers=workers, replicas=replicas)
    try:
        for url in made.replicas:
            _wait_for(url)
        yield made
    finally:
        made.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/health", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} did not come up")
