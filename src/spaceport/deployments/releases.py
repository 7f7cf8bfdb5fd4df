"""Reading what went live, newest first."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from spaceport.deployments.model import Release
from spaceport.spaces.model import Space


class ReleasePublic(BaseModel):
    id: str
    number: int
    deployment_id: str
    hub_sha: str = Field(description="The Space's commit.")
    revision: str = Field(description="What it was made of: a commit of the source, or the digest of an archive.")
    live: bool = Field(description="The newest one, which the Space serves unless it has drifted.")
    created_at: datetime


class RollbackInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    release: int = Field(ge=1, lt=2**31, description="The number of an earlier release.")


def page(session: Session, space: Space, *, after: str | None, limit: int) -> list[ReleasePublic]:
    statement = select(Release).where(Release.space_id == space.id)
    if after is not None:
        statement = statement.where(Release.id < after)
    found = session.exec(statement.order_by(col(Release.id).desc()).limit(limit))
    return [ReleasePublic(live=each.number == space.release_count, **each.model_dump()) for each in found]
