"""A Space's build and run logs, as the Hub has them now."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from spaceport.accounts import queries as accounts
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.api.streams import EventStream, event_stream
from spaceport.hub import Hub
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime.lines import clean
from spaceport.runtime.relay import Relay
from spaceport.runtime.tail import Position
from spaceport.spaces import queries
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])


class LogKind(StrEnum):
    BUILD = "build"
    RUN = "run"


class SpaceLogLine(BaseModel):
    at: datetime
    line: str


class SpaceLog(BaseModel):
    """Oldest first. A new build or start begins a new log; a deployment's own log keeps what it saw."""

    kind: LogKind
    items: list[SpaceLogLine]


@router.get("/{owner}/{name}/logs")
async def read_space_log(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    kind: LogKind = LogKind.RUN,
    lines: Annotated[int, Query(ge=1, le=5000, description="How many of the newest.")] = 500,
) -> SpaceLog:
    """The newest lines, from the Hub: one call of its quota, and seconds of time for an app that goes on logging."""
    space, hub = await run_in_threadpool(_space, instance, claims, owner, name)
    found = await hub.last_lines(space.repo_id, kind, lines)
    return SpaceLog(kind=kind, items=[SpaceLogLine(at=line.at, line=clean(line.text)) for line in found])


@router.get(
    "/{owner}/{name}/logs/stream",
    response_class=EventStream,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events `log`, `restarted`, `gap`, `end`, `failed`.",
        },
        204: {"description": "That build is over and everything was seen: nothing to reconnect for."},
    },
)
async def follow_space_log(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    owner: Owner,
    name: Name,
    kind: LogKind = LogKind.RUN,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """A log as server-sent events: what there is, then what comes.

    Goes on after `Last-Event-ID` while that log lasts; `restarted` says that another one has begun, `gap` how many
    lines are not kept any more. A build's log has an end; the app's goes on with the next start.
    """
    relay: Relay = request.app.state.relay
    seen = Position.parse(last_event_id)
    space, hub = await run_in_threadpool(_space, instance, claims, owner, name)
    if seen is not None and seen.ended:
        return Response(status_code=204)
    relay.admit(space.id, kind)
    frames = relay.follow(space.id, kind, lambda: hub.follow_log(space.repo_id, kind), seen)
    return event_stream(instance, claims, frames)


def _space(instance: Instance, claims: Claims, owner: str, name: str) -> tuple[Space, Hub]:
    with instance.database.unit_of_work() as session:
        space = queries.get(session, accounts.caller(session, claims), owner, name)
        return space, hub_accounts.connect(session, instance, space.hub_account_id)
