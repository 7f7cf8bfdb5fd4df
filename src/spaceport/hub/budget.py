"""The Hub's quota of one account as a budget: read from every answer, shared by all replicas through a store.

The Hub counts in fixed windows of five minutes and says with each answer what is left (its contract, section
1.3). Deployments may use all of it; background work leaves a quarter to them.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from spaceport import clock
from spaceport.hub.failures import BudgetSpent

IN_FLIGHT = 8
BACKGROUND_LEAVES = 0.25
# Below this share every answer is told to the other replicas at once.
_LOW = 0.05
_SYNC_SECONDS = 1.0
_LEFT = re.compile(r'"api"\s*;\s*r=(?P<remaining>\d+)\s*;\s*t=(?P<seconds>\d+)')
_POLICY = re.compile(r'"api"\s*;\s*q=(?P<quota>\d+)\s*;\s*w=(?P<length>\d+)')


@dataclass(frozen=True)
class Window:
    """Calls left until `ends_at`; `length` in seconds."""

    quota: int
    remaining: int
    ends_at: datetime
    length: float

    @classmethod
    def parse(cls, headers: Mapping[str, str], now: datetime) -> "Window | None":
        """From `RateLimit` and `RateLimit-Policy` (IETF draft 9), of the bucket for API calls alone."""
        left = _LEFT.search(headers.get("RateLimit", ""))
        policy = _POLICY.search(headers.get("RateLimit-Policy", ""))
        if left is None or policy is None:
            return None
        ends_at = now + timedelta(seconds=int(left["seconds"]))
        return cls(int(policy["quota"]), int(left["remaining"]), ends_at, float(policy["length"]))

    def merged(self, known: "Window | None") -> "Window":
        """The later window of two; of the same one the lowest that was seen, because answers overtake each other."""
        if known is None:
            return self
        apart = (self.ends_at - known.ends_at).total_seconds()
        if abs(apart) > self.length / 2:
            return self if apart > 0 else known
        return replace(self, remaining=min(self.remaining, known.remaining), ends_at=max(self.ends_at, known.ends_at))


class Store(Protocol):
    """Where replicas meet. Neither method raises when the store is down: deployments go on without it."""

    def read(self, account_id: str) -> Window | None: ...

    def write(self, account_id: str, window: Window) -> None:
        """Merge with what is there, as `Window.merged` does."""


class Meter:
    """The limiter of one Hub account in this process; safe to use from any thread."""

    def __init__(self, account_id: str, store: Store) -> None:
        self._account_id = account_id
        self._store = store
        self._window: Window | None = None
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(IN_FLIGHT)
        self._read_at = self._written_at = -_SYNC_SECONDS

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call, which waits for a free place. Raises BudgetSpent without calling."""
        with self._places:
            self.admit()
            yield

    def admit(self) -> None:
        """Take one call from the budget. Raises BudgetSpent when none is left in this window."""
        self._refresh()
        with self._lock:
            window = self._current()
            if window is not None:
                if window.remaining <= 0:
                    raise _spent(window)
                self._window = replace(window, remaining=window.remaining - 1)

    def give_way(self) -> None:
        """Before a background call: raises BudgetSpent while less than a quarter of the quota is left."""
        self._refresh()
        window = self._current()
        if window is not None and window.remaining < window.quota * BACKGROUND_LEAVES:
            raise _spent(window)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer what is left, and tell the others now and then."""
        seen = Window.parse(headers, clock.now())
        if seen is None:
            return
        with self._lock:
            self._window = seen.merged(self._window)
            low = self._window.remaining <= self._window.quota * _LOW
            due = low or time.monotonic() >= self._written_at + _SYNC_SECONDS
            if due:
                self._written_at = time.monotonic()
        if due:
            self._store.write(self._account_id, self._window)

    def _current(self) -> Window | None:
        window = self._window
        return window if window is not None and window.ends_at > clock.now() else None

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() < self._read_at + _SYNC_SECONDS:
                return
            self._read_at = time.monotonic()
        if (theirs := self._store.read(self._account_id)) is not None:
            with self._lock:
                self._window = theirs.merged(self._window)


class Budgets:
    """One meter per Hub account."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._meters: dict[str, Meter] = {}

    def of(self, account_id: str) -> Meter:
        return self._meters.setdefault(account_id, Meter(account_id, self._store))


def _spent(window: Window) -> BudgetSpent:
    return BudgetSpent(max(1.0, (window.ends_at - clock.now()).total_seconds()))
