"""Scripted misfortune, so that a client can be shown everything the real Hub may do to it."""

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from localhub.runner.builds import BuildFailed


@dataclass
class Fault:
    """Applies to calls that match `method`, `path` and `space`; an empty one matches all."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    method: str = ""
    path: str = ""
    """Regular expression, searched in the path."""
    space: str = ""
    count: int | None = 1
    """How often it still strikes; None for ever."""
    status: int | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds before the call is handled."""
    drop: str = ""
    """`before`: the connection is cut and nothing happens. `after`: it happens, then the connection is cut."""
    cut_after: int | None = None
    """The stream is cut after this many frames; the first one is always empty."""
    date_shift: float = 0
    """Seconds by which the `Date` of the answer is wrong; negative for the past."""
    build_delay: float = 0
    """Seconds a build of `space` takes longer."""
    build_error: str = ""
    """A build of `space` fails with this reason."""
    registry_status: int = 0
    """A build of `space` fails because the registry answers this when it is asked for the base image."""
    stuck_stage: str = ""
    """The runtime of `space` keeps saying this stage, and the commit served when the fault was set."""
    stuck_sha: str | None = None

    @property
    def of_calls(self) -> bool:
        return not (self.of_builds or self.stuck_stage)

    @property
    def of_builds(self) -> bool:
        return bool(self.build_delay or self.build_error or self.registry_status)


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, facts: dict[str, Any]) -> Fault:
        """Raises TypeError for an unknown key, `re.error` for a pattern that is none, ValueError for a status."""
        fault = Fault(**facts)
        re.compile(fault.path)
        if fault.registry_status:
            HTTPStatus(fault.registry_status)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def listing(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def for_call(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes this call; it is used up by one."""
        for fault in self._faults:
            if (
                fault.of_calls
                and fault.method in {"", method}
                and re.search(fault.path, path)
                and f"/{fault.space}" in path
            ):
                return self._use(fault)
        return None

    async def hinder_build(self, repo_id: str, say: Callable[[str], None]) -> None:
        for fault in list(self._faults):
            if fault.space in {"", repo_id} and fault.of_builds:
                self._use(fault)
                await asyncio.sleep(fault.build_delay)
                reason = _registry_failure(fault.registry_status) if fault.registry_status else fault.build_error
                if reason:
                    say(f"--> ERROR: {reason}")
                    raise BuildFailed(f"Job failed with exit code: 1. Reason: {reason}")

    def stuck(self, repo_id: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.stuck_stage and fault.space in {"", repo_id}), None)

    def _use(self, fault: Fault) -> Fault:
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
        return fault


def _registry_failure(status: int) -> str:
    """As a Docker build says it."""
    image = "docker.io/library/python:3.11-slim"
    manifest = "https://registry-1.docker.io/v2/library/python/manifests/3.11-slim"
    return (
        f"failed to solve: python:3.11-slim: failed to resolve source metadata for {image}: "
        f"unexpected status from HEAD request to {manifest}: {status} {HTTPStatus(status).phrase}"
    )
