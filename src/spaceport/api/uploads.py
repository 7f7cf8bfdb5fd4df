"""Uploaded archives as a source."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import MayDeploy, RunningInstance, asking
from spaceport.deploy_tokens.commands import Presented
from spaceport.errors import Invalid
from spaceport.instance import Instance
from spaceport.uploads import commands
from spaceport.uploads.model import UploadPublic

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

TeamId = Annotated[str | None, Query(pattern=r"^team_[0-9a-z]{26}$", description="Your personal team if left out.")]

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}
_BODY = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@dataclass(frozen=True)
class Sent:
    team_id: str
    user_id: str
    file: BinaryIO


async def sent(
    request: Request, instance: RunningInstance, credential: MayDeploy, team_id: TeamId = None
) -> AsyncIterator[Sent]:
    """The framework would take a body of 200 MB from anybody before it asked who that is."""
    caller, team = await run_in_threadpool(_allowed, instance, credential, team_id)
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid(
                "The form has no file in its field `file`.",
                code="request_invalid",
                fix="Send the archive as multipart/form-data: curl -F file=@app.tar.gz",
            )
        yield Sent(team, caller.user_id, file.file)


@router.post("", status_code=201, openapi_extra=_BODY)
def upload_archive(instance: RunningInstance, archive: Annotated[Sent, Depends(sent)]) -> UploadPublic:
    """Keep a tar.gz or zip archive of at most 200 MB; deploy it with `{"kind": "upload", "upload_id": …}`."""
    with instance.database.unit_of_work() as session:
        return UploadPublic.model_validate(commands.keep(session, archive.team_id, archive.file, actor=archive.user_id))


def _allowed(instance: Instance, credential: Claims | Presented, team_id: str | None) -> tuple[Caller, str]:
    with instance.database.unit_of_work() as session:
        caller = asking(session, credential)
        team = team_id or caller.default_team_id
        caller.require(team, Role.DEPLOYER)
        return caller, team
