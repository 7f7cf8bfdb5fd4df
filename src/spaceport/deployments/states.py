"""The life of a deployment as pure values: which status may follow which."""

from enum import StrEnum


class Status(StrEnum):
    QUEUED = "queued"
    PUSHING = "pushing"
    BUILDING = "building"
    STARTING = "starting"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.SUPERSEDED})
_ROAD = [Status.QUEUED, Status.PUSHING, Status.BUILDING, Status.STARTING, Status.VERIFYING, Status.SUCCEEDED]


class IllegalTransition(Exception):
    """A status that may not follow the present one."""


def transition(current: Status, to: Status) -> Status:
    """The new status, or IllegalTransition.

    Forward along the road, and a step may be skipped (a static Space has no build). Any status that is not
    final may end as failed, canceled or superseded. Nothing leaves a final status.
    """
    if current.final:
        raise IllegalTransition(f"{current} is final; it cannot become {to}")
    if to in _ROAD:
        if _ROAD.index(to) <= _ROAD.index(current):
            raise IllegalTransition(f"{current} cannot go back to {to}")
        if to is Status.SUCCEEDED and current is not Status.VERIFYING:
            raise IllegalTransition(f"{current} cannot succeed without being verified")
    return to
