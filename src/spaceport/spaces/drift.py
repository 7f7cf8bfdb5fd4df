"""Drift: where a Space on the Hub is not what we last applied. It is recorded and shown, never written over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, SQLModel

from spaceport import clock
from spaceport.events.record import record
from spaceport.spaces.model import Space, Visibility

CODE = frozenset({"exists", "sha", "runtime_sha"})
# The Hub itself decides when a Space on free hardware sleeps.
FREE_HARDWARE = frozenset({"cpu-basic", "zero-a10g"})

Differences = list[dict[str, Any]]


class Difference(SQLModel):
    """Where the Space on the Hub is not what we last applied."""

    field: str = Field(
        description="exists, sha, runtime_sha, visibility, hardware, sleep_time, replicas, secret:KEY or variable:KEY."
    )
    expected: str | int | bool | None
    observed: str | int | bool | None


class DriftPublic(SQLModel):
    """`since` is when the first of the differences was confirmed, `observed_at` when the Hub was last asked."""

    drifted: bool
    since: datetime | None
    observed_at: datetime | None
    differences: list[Difference]


@dataclass(frozen=True)
class Seen:
    """What the Hub said; None where it did not say. `sleep_time` is NEVER for a Space that does not sleep."""

    sha: str | None
    runtime_sha: str | None
    private: bool
    hardware: str | None
    sleep_time: int | None
    replicas: int | str | None = None


@dataclass(frozen=True)
class Applied:
    """What we last made of a Space: the commit last pushed, and the one of the last release, which may be older."""

    sha: str | None
    release_sha: str | None


def differences(space: Space, applied: Applied, seen: Seen | None) -> Differences:
    """Pure. `seen` is None for a Space that the Hub does not list."""
    if seen is None:
        return [_difference("exists", expected=True, observed=False)]
    found = []
    if applied.sha is not None and seen.sha not in (None, applied.sha):
        found.append(_difference("sha", expected=applied.sha, observed=seen.sha))
    # A failed deployment leaves its commit on the Space, and the release before it in service. That a strange
    # commit is served as well is the same difference, some moments later.
    if applied.sha is not None and seen.runtime_sha not in (None, seen.sha, applied.sha, applied.release_sha):
        expected = applied.release_sha or applied.sha
        found.append(_difference("runtime_sha", expected=expected, observed=seen.runtime_sha))
    # Whether the Hub calls a protected Space private it does not say.
    if space.visibility is not Visibility.PROTECTED and seen.private != (space.visibility is Visibility.PRIVATE):
        observed = "private" if seen.private else "public"
        found.append(_difference("visibility", expected=space.visibility.value, observed=observed))
    for field in ("hardware", "replicas"):
        expected, there = getattr(space, field), getattr(seen, field)
        if None not in (expected, there) and expected != there:
            found.append(_difference(field, expected=expected, observed=there))
    return found + _sleep(space, seen)


def _sleep(space: Space, seen: Seen) -> Differences:
    if seen.hardware is None or seen.hardware in FREE_HARDWARE or seen.sleep_time is None:
        return []
    if space.sleep_time is None or space.sleep_time == seen.sleep_time:
        return []
    return [_difference("sleep_time", expected=space.sleep_time, observed=seen.sleep_time)]


def settle(session: Session, space: Space, found: Differences) -> None:
    """Record what is different now, once for every new set of differences, or that nothing is any more."""
    if found == space.drift:
        return
    resolved = not found
    _record(session, space, "space.drift_resolved" if resolved else "space.drifted", found or space.drift)
    space.drift = found
    space.drifted_at = None if resolved else space.drifted_at or clock.now()
    session.add(space)


def resolve(session: Session, space: Space, fields: Collection[str]) -> None:
    """What we have just applied ourselves is no drift any more."""
    settle(session, space, [difference for difference in space.drift if difference["field"] not in fields])


def _difference(field: str, *, expected: Any, observed: Any) -> dict[str, Any]:
    return {"field": field, "expected": expected, "observed": observed}


def _record(session: Session, space: Space, kind: str, found: Differences) -> None:
    record(
        session,
        kind,
        team_id=space.team_id,
        actor="reconcile",
        space_id=space.id,
        space=space.repo_id,
        differences=found,
    )
