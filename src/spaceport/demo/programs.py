"""The two programs of the demo, as processes that end with it, however it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from spaceport.children import end_with_parent
from spaceport.errors import Unavailable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_START_LIMIT = 90.0
_STOP_LIMIT = 25.0
_POLL = 0.05
_SOURCE = Path(__file__).parents[2]
_KEPT = re.compile(r"PATH|HOME|LANG|LC_ALL|TMPDIR|TZ|USER|LOGNAME")
# Apps may be built with pip, which has to find its package index as the user's own pip does.
_KEPT_FOR_BUILDS = re.compile(r"PIP_.*|https?_proxy|no_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE", re.IGNORECASE)


@dataclass(frozen=True)
class Program:
    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def ensure_running(self) -> None:
        """Raises Unavailable with the last words of a program that has ended."""
        if self.process.poll() is not None:
            said = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
            raise Unavailable(
                f"{self.name} ended: {said[-1] if said else f'exit code {self.process.returncode}'}",
                code="program_ended",
                fix=f"Its log is {self.log}.",
            )


class Programs:
    """Leaving the block ends them all, the last one started first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Program] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second Ctrl-C must not leave half of them behind.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        for program in reversed(self._running):
            _stop(program.process)

    def start(self, name: str, module: str, *arguments: str, builds: bool = False, **environment: str) -> Program:
        """`python -m module arguments…` in the demo's folder, where no `.env` of the user's is read.

        Call it from the main thread: Linux ends the program together with the thread that started it.
        """
        log = self._folder / f"{module}.log"
        with log.open("wb") as output:
            log.chmod(0o600)
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=self._folder,
                env=_environment(os.environ, builds=builds) | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the demo, which ends them in order
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - see above
            )
        program = Program(name, log, process)
        self._running.append(program)
        return program

    def check(self) -> None:
        for program in self._running:
            program.ensure_running()


def wait_until_answers(program: Program, url: str, *, well: bool = False) -> None:
    """Until any answer, or with `well` a 200. Raises Unavailable with what is missing."""
    deadline = time.monotonic() + _START_LIMIT
    last = "no answer"
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            program.ensure_running()
            try:
                answer = client.get(url)
            except httpx.TransportError as error:
                last = str(error)
            else:
                if answer.status_code == 200 or not well:
                    return
                last = answer.text
            time.sleep(_POLL)
    raise Unavailable(
        f"{program.name} was not ready within {_START_LIMIT:.0f} s: {last[:300]}",
        code="program_not_ready",
        fix=f"Its log is {program.log}.",
    )


def _environment(own: Mapping[str, str], *, builds: bool) -> dict[str, str]:
    """The demo is the same for everybody: the caller's DATABASE_URL, HF_TOKEN and the like stay outside."""
    kept = {name: value for name, value in own.items() if _KEPT.fullmatch(name)}
    if builds:
        kept |= {name: value for name, value in own.items() if _KEPT_FOR_BUILDS.fullmatch(name)}
    return kept | {"PYTHONPATH": str(_SOURCE), "PYTHONUNBUFFERED": "1"}


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
