"""Which Hub routes a deployment uses at which step, read from the Hub's own record of calls, and how each may fail."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from spaceport.hub.failures import _SENTENCES

# Seconds. Longer than the time-outs that the matrix sets, so that the client gives up and the call happens afterwards.
TIME_OUT = 3.0
WAYS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "500": {"status": 500},
    "503": {"status": 503},
    "time-out": {"delay": TIME_OUT + 1.5},
    "lost request": {"drop": "before"},
    "lost answer": {"drop": "after"},
    "cut answer": {"cut_after": 0},
    **{str(status): {"status": status, "count": None} for status in (401, 402, 403, 404)},
}
FINAL = {str(status): _SENTENCES[status] for status in (401, 402, 403, 404)}
# Logs are watched, not needed: an app that has none yet answers 404, and the app's own log is a bonus.
_DISPENSABLE = {("build", "/logs/build"): {"404"}, ("health-check", "/logs/run"): set(FINAL)}


@dataclass(frozen=True)
class Route:
    """`path` with {repo}, {source}, {sha} and {file} for what differs from deployment to deployment."""

    journey: str
    step: str
    method: str
    path: str

    @property
    def shared(self) -> bool:
        """Whether it names no Space, so that a fault on it would hit whoever comes by."""
        return "{repo}" not in self.path and "{source}" not in self.path


@dataclass(frozen=True)
class Case:
    route: Route
    way: str

    def __str__(self) -> str:
        return f"{self.route.step}: {self.route.method} {self.route.path} {self.way} ({self.route.journey})"

    @property
    def ends(self) -> bool:
        """Whether the deployment cannot go on."""
        dispensable = (ways for (step, end), ways in _DISPENSABLE.items() if self._is(step, end))
        return self.way in FINAL and self.way not in next(dispensable, set())

    def fault(self, repo: str) -> dict[str, Any]:
        facts = dict(WAYS[self.way])
        if self.way == "cut answer" and "/logs/" in self.route.path:
            facts["cut_after"] = 2
        return facts | {"method": self.route.method, "path": _pattern(self.route.path, repo)}

    def _is(self, step: str, end: str) -> bool:
        return self.route.step == step and self.route.path.endswith(end)


def cases(recorded: Iterable[Route]) -> Iterator[Case]:
    """Every route once for each step, in the first journey that uses it, failing in every way."""
    seen = set()
    for route in recorded:
        if (key := (route.step, route.method, route.path)) not in seen:
            seen.add(key)
            yield from (Case(route, way) for way in WAYS)


def template(path: str, repo: str) -> str:
    path = path.replace(source_of(repo), "{source}").replace(repo, "{repo}")
    path = re.sub(r"(?<=/)[0-9a-f]{40}(?=/|$)", "{sha}", path)
    return re.sub(r"(?<=/resolve/\{sha\}/).+", "{file}", path)


def source_of(repo: str) -> str:
    """The Space whose files this one is a copy of, in the journey that copies."""
    owner, _, name = repo.partition("/")
    return f"{owner}/source-of-{name}"


def _pattern(path: str, repo: str) -> str:
    pattern = re.escape(path)
    for name, value in (
        ("{source}", re.escape(source_of(repo))),
        ("{repo}", re.escape(repo)),
        ("{sha}", "[0-9a-f]{40}"),
        ("{file}", ".+"),
    ):
        pattern = pattern.replace(re.escape(name), value)
    return f"^{pattern}$"
