"""What is asked of the list of spaces, and a space as a line of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from spaceport.deployments.states import Status
from spaceport.spaces.model import SpacePublic


class Verdict(StrEnum):
    """`healthy`: it runs and serves the release that passed its health check. `unhealthy`: the Hub says it has failed.

    `asleep`: it sleeps, is paused or stopped. `unknown`: it starts, serves something else, or was not seen yet.
    """

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    ASLEEP = "asleep"
    UNKNOWN = "unknown"


class Condition(StrEnum):
    """What a person looks for. `failing`: the Hub says so, or the last deployment has failed."""

    RUNNING = "running"
    DEPLOYING = "deploying"
    FAILING = "failing"
    IDLE = "idle"


class Sort(StrEnum):
    """`created` and `deployed` have the newest first, `cost` the dearest of this month.

    `activity` has what deploys right now first, then what was deployed or made last.
    """

    CREATED = "created"
    DEPLOYED = "deployed"
    ACTIVITY = "activity"
    COST = "cost"
    NAME = "name"


@dataclass(frozen=True)
class Wanted:
    """Each filter narrows the list. `q` is a part of owner/name."""

    q: str | None = None
    team_id: str | None = None
    owner: str | None = None
    sdk: str | None = None
    visibility: str | None = None
    hardware: str | None = None
    stage: str | None = None
    verdict: str | None = None
    status: str | None = None
    drifted: bool | None = None
    condition: Condition | None = None


class ReleaseLine(SQLModel):
    number: int
    deployment_id: str
    hub_sha: str
    revision: str
    created_at: datetime


class DeploymentLine(SQLModel):
    id: str
    number: int
    status: Status
    reason_code: str | None
    commit_message: str | None
    created_at: datetime
    finished_at: datetime | None


class SpaceListed(SpacePublic):
    """With how it is, as observed at `observed_at`: null where it was not seen yet."""

    stage: str | None = Field(schema_extra={"examples": ["RUNNING"]})
    current_hardware: str | None
    verdict: Verdict
    drifted: bool
    observed_at: datetime | None
    release: ReleaseLine | None = Field(description="The newest that went live.")
    last_deployment: DeploymentLine | None
    usd_this_month: float


@dataclass(frozen=True)
class Listing:
    """A page of the list. `total` counts what matches, `managed` what the caller's teams have."""

    spaces: list[SpaceListed]
    total: int
    managed: int
