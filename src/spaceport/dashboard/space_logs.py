"""What one Space says while it is built and while it runs, as the Hub has it, live.

The page does not wait for the Hub: until that has sent lines, those of the last deployment are shown as such.
"""

from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.dashboard import render, space_frame, streams, visitor
from spaceport.dashboard.space_frame import Name, Owner
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import queries as deployments
from spaceport.deployments.model import Deployment
from spaceport.deployments.model import LogLine as RecordedLine
from spaceport.hub import Hub, LogLine
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime.relay import Relay
from spaceport.runtime.tail import KEPT_LINES, Look, Position
from spaceport.spaces import queries
from spaceport.spaces.model import Space

router = APIRouter(prefix="/spaces/{owner}/{name}/logs")

# What a page begins with; all that is kept is one click away.
_FIRST_LINES = 1000


class Kind(StrEnum):
    RUN = "run"
    BUILD = "build"


@router.get("")
async def logs_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, kind: Kind = Kind.RUN
) -> Response:
    caller, space, hub = await run_in_threadpool(_space, instance, request, owner, name)
    relay: Relay = request.app.state.relay
    look = _no_room(relay, space, kind) or await relay.glance(
        space.id, kind, _stream(hub, space, kind), most=_FIRST_LINES
    )
    recorded = None if look.lines else await run_in_threadpool(_recorded, instance, space, kind)
    framed = space_frame.context(caller, space, "logs")
    return render.page(request, "space_logs.html", kind=kind, look=look, recorded=recorded, **framed)


@router.get("/plain")
async def logs_as_text(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, kind: Kind = Kind.RUN
) -> Response:
    _, space, hub = await run_in_threadpool(_space, instance, request, owner, name)
    relay: Relay = request.app.state.relay
    look = _no_room(relay, space, kind) or await relay.look(space.id, kind, _stream(hub, space, kind), most=KEPT_LINES)
    text = "".join(f"{line.at:%Y-%m-%d %H:%M:%S} {line.text}\n" for line in look.lines)
    return Response(text or f"{look.failed or 'No lines.'}\n", media_type="text/plain; charset=utf-8")


@router.get("/stream")
async def follow_logs(
    instance: RunningInstance,
    request: Request,
    owner: Owner,
    name: Name,
    kind: Kind = Kind.RUN,
    after: Annotated[str | None, Query(max_length=64)] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """Server-sent events after a position: where the page, or this stream before, stopped."""
    caller, space, hub = await run_in_threadpool(_space, instance, request, owner, name)
    seen = Position.parse(last_event_id or after)
    if seen is not None and seen.ended:
        return Response(status_code=204)
    relay: Relay = request.app.state.relay
    relay.admit(space.id, kind)
    return streams.answer(instance, caller, relay.follow(space.id, kind, _stream(hub, space, kind), seen))


def _no_room(relay: Relay, space: Space, kind: Kind) -> Look | None:
    try:
        relay.admit(space.id, kind)
    except errors.Unavailable as error:
        return Look([], 0, None, ended=True, failed=f"{error.message} {error.fix}")
    return None


def _stream(hub: Hub, space: Space, kind: Kind) -> Callable[[], AsyncIterator[LogLine]]:
    return lambda: hub.follow_log(space.repo_id, kind)


def _recorded(instance: Instance, space: Space, kind: Kind) -> tuple[Deployment, list[RecordedLine]] | None:
    with instance.database.unit_of_work() as session:
        return deployments.last_recorded(session, space, kind, most=_FIRST_LINES)


def _space(instance: Instance, request: Request, owner: str, name: str) -> tuple[Caller, Space, Hub]:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = queries.get(session, caller, owner, name)
        return caller, space, hub_accounts.connect(session, instance, space.hub_account_id)
