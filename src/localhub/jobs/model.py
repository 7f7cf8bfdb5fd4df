"""A job and a schedule. Each is kept whole as one JSON document."""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from localhub import clock

FINAL = {"COMPLETED", "CANCELED", "ERROR", "DELETED"}
DEFAULT_TIMEOUT = 1800

Spec = dict[str, Any]
"""What is to be run, in the keys of the Hub's request body (`api.job_bodies.JobSpec`)."""


def new_id() -> str:
    return secrets.token_hex(12)


@dataclass
class Job:
    owner: str
    """The namespace it runs in."""
    spec: Spec
    creator: str
    initiator: dict[str, str]
    """`type` and `id`; a user has a `name` instead of an id."""
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=clock.now)
    started_at: str = ""
    """When its command was started; empty until then."""
    finished_at: str = ""
    stage: str = "SCHEDULING"
    message: str | None = None
    failures: int = 0

    @property
    def labels(self) -> dict[str, str]:
        return self.spec.get("labels") or {}

    @property
    def final(self) -> bool:
        return self.stage in FINAL

    def durations(self) -> dict[str, int]:
        """Whole seconds. What has not begun yet is left out."""
        now = datetime.now(UTC)
        created = datetime.fromisoformat(self.created_at)
        ended = datetime.fromisoformat(self.finished_at) if self.finished_at else now
        spans = {"totalSecs": ended - created}
        if self.started_at:
            started = datetime.fromisoformat(self.started_at)
            spans |= {"schedulingSecs": started - created, "runningSecs": ended - started}
        return {name: int(span.total_seconds()) for name, span in spans.items()}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Schedule:
    owner: str
    creator: str
    spec: Spec
    schedule: str
    """A cron expression, or `@hourly` and the like."""
    next_at: str
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=clock.now)
    suspend: bool = False
    concurrency: bool = False
    """Whether a run may begin while the one before still runs."""
    last_job: str = ""
    last_at: str = ""

    @property
    def labels(self) -> dict[str, str]:
        return self.spec.get("labels") or {}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
