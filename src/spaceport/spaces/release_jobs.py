"""The Hub jobs that a space runs around each of its deployments."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from spaceport.hub import ReleaseJob


class Phase(StrEnum):
    """Where a deployment runs a Hub job of the space's: before the push, and once the app is healthy."""

    PRE_DEPLOY = "pre-deploy"
    POST_DEPLOY = "post-deploy"

    @property
    def failed(self) -> str:
        """The reason code of a deployment that ends here."""
        return f"{self.name.lower()}_failed"


class ReleaseJobs(SQLModel):
    pre_deploy_job: ReleaseJob | None = Field(
        None, description="Runs before anything is pushed; where it fails the Space is not touched."
    )
    post_deploy_job: ReleaseJob | None = Field(
        None, description="Runs once the app is healthy; where it fails the last good release is put back."
    )
