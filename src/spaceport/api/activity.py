"""What has happened in a team and on a space: as a list, and live."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlmodel import Session, SQLModel

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import Asked, Limit, Page
from spaceport.api.spaces import Name, Owner
from spaceport.api.streams import EventStream, event_stream
from spaceport.api.teams import TeamId
from spaceport.events import activity
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1", tags=["activity"])

Before = Annotated[
    str | None, Query(alias="cursor", pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")
]


async def asked(request: Request, response: Response, cursor: Before = None, limit: Limit = 50) -> Asked:
    """As for other lists, but events are numbered."""
    return Asked(request, response, cursor, limit)


Paging = Annotated[Asked, Depends(asked)]
LastEventId = Annotated[str | None, Header(max_length=64)]


class EventPublic(SQLModel):
    """A fact in the past tense. `actor` is a user's id, or what acted instead; `data` depends on the kind."""

    id: str
    kind: str
    actor: str
    space_id: str | None
    deployment_id: str | None
    data: dict[str, Any]
    at: datetime


@router.get("/teams/{team_id}/activity")
def list_team_activity(
    instance: RunningInstance, claims: SignedIn, team_id: TeamId, paging: Paging
) -> Page[EventPublic]:
    """Everything that happened in a team, newest first."""
    with instance.database.unit_of_work() as session:
        accounts.caller(session, claims).require(team_id, Role.VIEWER)
        return _page(session, team_id, paging)


@router.get("/spaces/{owner}/{name}/activity")
def list_space_activity(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, paging: Paging
) -> Page[EventPublic]:
    """Everything that happened to a space, newest first: who did what, and when."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return _page(session, space.id, paging)


@router.get("/teams/{team_id}/events", response_class=EventStream)
def follow_team(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    team_id: TeamId,
    last_event_id: LastEventId = None,
) -> Response:
    """What happens in a team from now on, or since `Last-Event-ID`, as server-sent events without log lines.

    The stream ends with the access token: connect again with a new one and the last id you saw.
    """
    with instance.database.unit_of_work() as session:
        accounts.caller(session, claims).require(team_id, Role.VIEWER)
        return _stream(session, request, claims, team_id, last_event_id)


@router.get("/spaces/{owner}/{name}/events", response_class=EventStream)
def follow_space(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    owner: Owner,
    name: Name,
    last_event_id: LastEventId = None,
) -> Response:
    """The same for one space."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return _stream(session, request, claims, space.id, last_event_id)


def _page(session: Session, topic: str, paging: Asked) -> Page[EventPublic]:
    found = activity.page(session, topic, before=int(paging.after) if paging.after else None, limit=paging.limit)
    return paging.page([EventPublic.model_validate(event, update={"id": str(event.id)}) for event in found])


def _stream(session: Session, request: Request, claims: Claims, topic: str, last_event_id: str | None) -> EventStream:
    cursor = activity.resume(session, topic, last_event_id)
    return event_stream(request.app.state.instance, claims, request.app.state.feed.follow(topic, cursor))
