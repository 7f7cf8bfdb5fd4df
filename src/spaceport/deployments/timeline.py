"""The steps of a deployment with their durations, against what is usual for its Space."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session, col, select

from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status

# As many successful deployments say what is usual.
_SAMPLE = 20
_STEPS = (
    ("Waiting", "created_at"),
    ("Push", "started_at"),
    ("Build", "pushed_at"),
    ("Start", "starting_at"),
    ("Health check", "verifying_at"),
)


@dataclass(frozen=True)
class Step:
    """`state` is done, active, failed, stopped or ahead. Times in seconds; `usual` is a median, None if unknown."""

    name: str
    state: str
    seconds: float | None
    usual: float | None


def usual(session: Session, deployment: Deployment) -> dict[str, float]:
    """Median seconds of each step over the Space's latest successful deployments before this one."""
    earlier = session.exec(
        select(
            Deployment.created_at,
            Deployment.started_at,
            Deployment.pushed_at,
            col(Deployment.starting_at),
            col(Deployment.verifying_at),
            col(Deployment.finished_at),
        )  # type: ignore[call-overload]
        .where(
            Deployment.space_id == deployment.space_id,
            Deployment.status == Status.SUCCEEDED,
            Deployment.id < deployment.id,
        )
        .order_by(col(Deployment.id).desc())
        .limit(_SAMPLE)
    ).all()
    spent: dict[str, list[float]] = {}
    for times in earlier:
        for (name, _), seconds in zip(_STEPS, _durations(times), strict=True):
            if seconds is not None:
                spent.setdefault(name, []).append(seconds)
    return {name: median(values) for name, values in spent.items()}


def steps(deployment: Deployment, usually: dict[str, float], now: datetime) -> list[Step]:
    """Pure. A step that was left out, such as the start of one that already ran, has no duration."""
    begun = [getattr(deployment, field) for _, field in _STEPS]
    durations = _durations([*begun, deployment.finished_at or now])
    reached = max(i for i, at in enumerate(begun) if at is not None)
    return [
        Step(name, _state(deployment, i, reached), durations[i], usually.get(name))
        for i, (name, _) in enumerate(_STEPS)
    ]


def _state(deployment: Deployment, index: int, reached: int) -> str:
    status = deployment.status
    if status is Status.SUCCEEDED or index < reached:
        return "done"
    if index > reached:
        return "ahead"
    if status is Status.FAILED:
        return "failed"
    return "stopped" if status.final else "active"


def _durations(times: Sequence[datetime | None]) -> list[float | None]:
    """Of each step until the next one that began; the last time is the end."""
    found: list[float | None] = []
    for i, begun in enumerate(times[:-1]):
        following = next((at for at in times[i + 1 :] if at is not None), None)
        found.append(None if begun is None or following is None else max(0.0, (following - begun).total_seconds()))
    return found
