"""Uploaded archives as a source."""

from typing import Annotated

from fastapi import APIRouter, Query, UploadFile

from spaceport.accounts.model import Role
from spaceport.api.caller import MayDeploy, RunningInstance, asking
from spaceport.uploads import commands
from spaceport.uploads.model import UploadPublic

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

TeamId = Annotated[str | None, Query(pattern=r"^team_[0-9a-z]{26}$", description="Your personal team if left out.")]


@router.post("", status_code=201)
def upload_archive(
    instance: RunningInstance, credential: MayDeploy, file: UploadFile, team_id: TeamId = None
) -> UploadPublic:
    """Keep a tar.gz or zip archive of at most 200 MB; deploy it with `{"kind": "upload", "upload_id": …}`."""
    with instance.database.unit_of_work() as session:
        caller = asking(session, credential)
        team = team_id or caller.default_team_id
        caller.require(team, Role.DEPLOYER)
    with instance.database.unit_of_work() as session:
        return UploadPublic.model_validate(commands.keep(session, team, file.file))
