"""All spaces at a glance."""

import contextlib
from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport.dashboard import new_space, render, streams, visitor
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import overview
from spaceport.deployments.overview import PAGE, Condition, Order, Wanted
from spaceport.events import activity

router = APIRouter()

_LONGEST_SEARCH = 200


@router.get("/")
def spaces_page(instance: RunningInstance, request: Request) -> Response:
    """With htmx only the list; without any space what leads to the first one."""
    wanted = _wanted(request)
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        found = overview.overview(session, caller, wanted)
    if not found.managed:
        return new_space.start(instance, request, caller, template="start.html")
    context: dict[str, Any] = {"found": found, "wanted": wanted, "pages": -(-found.total // PAGE) or 1}
    if render.asked_by_htmx(request):
        return render.fragment(request, "fragments/spaces.html", **context)
    return render.page(request, "spaces.html", **context, conditions=Condition, orders=Order)


@router.get("/stream")
def follow_teams(instance: RunningInstance, request: Request) -> Response:
    """Tells a page that something happened in one of its teams; the page then asks for its list."""
    with instance.database.unit_of_work() as session:
        teams = visitor.caller(session, request).team_ids()
        topics = [(team_id, activity.resume(session, team_id, None)) for team_id in teams]
    return streams.answer(streams.changes(request.app.state.feed, topics))


def _wanted(request: Request) -> Wanted:
    """What the address asks for; what it cannot mean counts for nothing, rather than being an error."""
    asked, condition, order, page = request.query_params, None, Order.ACTIVITY, 1
    with contextlib.suppress(ValueError):
        condition = Condition(asked.get("show", ""))
    with contextlib.suppress(ValueError):
        order = Order(asked.get("sort", ""))
    with contextlib.suppress(ValueError):
        page = min(max(1, int(asked.get("page", "1"))), 10_000)
    return Wanted(asked.get("q", "")[:_LONGEST_SEARCH].strip(), condition, order, page)
