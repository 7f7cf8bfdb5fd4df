"""Many spaces at once."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.openapi.models import Example
from pydantic import BaseModel

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import Page, Paging
from spaceport.deployments.states import Status
from spaceport.fleet import bulk, queries
from spaceport.fleet.bulk import BulkAct, BulkResult
from spaceport.fleet.model import Sort, SpaceListed, Verdict, Wanted
from spaceport.spaces.model import NAME_PATTERN, Hardware, Sdk, Visibility

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

_SELECTION = ["acme/one", "acme/two"]
_VARIABLE = {"key": "LOG_LEVEL", "value": "debug"}
EXAMPLES = {
    "deploy": Example(value={"action": "deploy", "spaces": _SELECTION}),
    "pause": Example(value={"action": "pause", "spaces": _SELECTION}),
    "restart": Example(value={"action": "restart", "spaces": _SELECTION, "factory_reboot": True}),
    "variables": Example(value={"action": "set_variables", "spaces": _SELECTION, "variables": [_VARIABLE]}),
}


@router.get("")
def list_spaces(
    instance: RunningInstance,
    claims: SignedIn,
    paging: Paging,
    q: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="A part of owner/name.")] = None,
    team_id: Annotated[str | None, Query(pattern=r"^team_[0-9a-z]{26}$")] = None,
    owner: Annotated[str | None, Query(max_length=96, pattern=NAME_PATTERN)] = None,
    sdk: Sdk | None = None,
    visibility: Visibility | None = None,
    hardware: Hardware | None = None,
    stage: Annotated[str | None, Query(pattern=r"^[A-Za-z_]{1,40}$", description="The Hub's word.")] = None,
    verdict: Verdict | None = None,
    status: Annotated[Status | None, Query(description="Of the last deployment.")] = None,
    drifted: bool | None = None,
    sort: Sort = Sort.CREATED,
) -> Page[SpaceListed]:
    """Your teams' spaces with how each of them is: stage, verdict, release, last deployment, cost of this month."""
    wanted = Wanted(q, team_id, owner, sdk, visibility, hardware, stage, verdict, status, drifted)
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        return paging.page(queries.page(session, caller, wanted, sort=sort, after=paging.after, limit=paging.limit))


class BulkResults(BaseModel):
    """One for each space, in the order in which they were named."""

    results: list[BulkResult]


@router.post("/bulk")
def act_on_spaces(
    instance: RunningInstance, claims: SignedIn, wanted: Annotated[BulkAct, Body(openapi_examples=EXAMPLES)]
) -> BulkResults:
    """Deploy, pause, restart or set variables on up to 100 spaces. What fails for one is done for the others."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    return BulkResults(results=bulk.act(instance, caller, wanted))
