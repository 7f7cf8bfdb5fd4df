"""Scripted misfortune, so that a client can be shown everything the real Hub may do to it."""

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
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
    build_delay: float = 0
    """Seconds a build of `space` takes longer."""
    build_error: str = ""
    """A build of `space` fails with this reason."""
    stuck_stage: str = ""
    """The runtime of `space` keeps saying this stage, and the commit served when the fault was set."""
    stuck_sha: str | None = None

    @property
    def of_calls(self) -> bool:
        return not (self.build_delay or self.build_error or self.stuck_stage)


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, facts: dict[str, Any]) -> Fault:
        """Raises TypeError for an unknown key, `re.error` for a pattern that is none."""
        fault = Fault(**facts)
        re.compile(fault.path)
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
            if fault.space in {"", repo_id} and (fault.build_delay or fault.build_error):
                self._use(fault)
                await asyncio.sleep(fault.build_delay)
                if fault.build_error:
                    say(f"--> ERROR: {fault.build_error}")
                    raise BuildFailed(f"Job failed with exit code: 1. Reason: {fault.build_error}")

    def stuck(self, repo_id: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.stuck_stage and fault.space in {"", repo_id}), None)

    def _use(self, fault: Fault) -> Fault:
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
        return fault
