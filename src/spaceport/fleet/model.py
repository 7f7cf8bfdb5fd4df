"""A space as a line of the list."""

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


class Sort(StrEnum):
    """`created` and `deployed` have the newest first."""

    CREATED = "created"
    DEPLOYED = "deployed"
    NAME = "name"


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
