"""All spaces at a glance: searched, filtered, sorted, and several of them acted on at once."""

import contextlib
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import Field, RootModel
from starlette.datastructures import QueryParams

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.dashboard import forms, new_space, render, streams, visitor
from spaceport.dashboard.forms import Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.errors import Invalid
from spaceport.events import activity
from spaceport.fleet import bulk, queries
from spaceport.fleet.bulk import BulkDeploy, BulkPause, BulkRestart
from spaceport.fleet.model import Condition, Sort, Wanted
from spaceport.spaces.model import Sdk

router = APIRouter()

PAGE = bulk.MOST_SPACES
_LONGEST_SEARCH = 200
_Act = RootModel[Annotated[BulkDeploy | BulkPause | BulkRestart, Field(discriminator="action")]]

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True)
class Asked:
    """What the address of the list asks for. `selecting`: with boxes to select several, and nothing that moves."""

    wanted: Wanted = field(default_factory=Wanted)
    sort: Sort = Sort.ACTIVITY
    page: int = 1
    selecting: bool = False

    @property
    def narrowed(self) -> bool:
        return self.wanted != Wanted()

    def address(self, **changes: Any) -> str:
        """Of the same list, but for these changes."""
        to = replace(self, **changes)
        query = {
            "q": to.wanted.q,
            "show": to.wanted.condition and to.wanted.condition.value,
            "sdk": to.wanted.sdk,
            "team": to.wanted.team_id,
            "drifted": "yes" if to.wanted.drifted else None,
            "sort": None if to.sort is Sort.ACTIVITY else to.sort.value,
            "page": to.page if to.page > 1 else None,
            "select": "yes" if to.selecting else None,
        }
        given = {name: value for name, value in query.items() if value}
        return f"/?{urlencode(given)}" if given else "/"


@router.get("/")
def spaces_page(instance: RunningInstance, request: Request) -> Response:
    """With htmx only the list; without any space what leads to the first one."""
    asked = _asked(request.query_params)
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        found = queries.listing(session, caller, asked.wanted, sort=asked.sort, page=asked.page, size=PAGE)
        teams = accounts.teams(session, caller) if len(caller.teams) > 1 else []
    if not found.managed:
        return new_space.start(instance, request, caller, template="start.html")
    context: dict[str, Any] = {
        "found": found,
        "asked": asked,
        "pages": -(-found.total // PAGE) or 1,
        "teams": {team.id: team.name for team in teams},
        "mine": frozenset(caller.team_ids(at_least=Role.DEPLOYER)),
    }
    if render.asked_by_htmx(request):
        return render.fragment(request, "fragments/spaces.html", **context)
    return render.page(request, "spaces.html", **context)


@router.get("/stream")
def follow_teams(instance: RunningInstance, request: Request) -> Response:
    """Tells a page that something happened in one of its teams; the page then asks for its list."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        topics = [(team_id, activity.resume(session, team_id, None)) for team_id in caller.team_ids()]
    return streams.answer(instance, caller, streams.changes(request.app.state.feed, topics))


@router.post("/spaces/bulk")
def send_bulk(instance: RunningInstance, request: Request, form: Sent) -> Response:
    """Answers with what happened to each: more than a message can hold, so there is no redirect."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    chosen = form.texts("space")
    if not chosen:
        raise Invalid("No Space was selected.", code="nothing_selected", fix="Tick the boxes of those that you mean.")
    wanted = forms.parsed(_Act, {"action": form.text("action"), "spaces": chosen}).root
    results = bulk.act(instance, caller, wanted, trigger="dashboard")
    return render.page(request, "spaces_bulk.html", action=wanted.action, results=results)


def _asked(query: QueryParams) -> Asked:
    """What an address cannot mean counts for nothing, rather than being an error."""
    page = 1
    with contextlib.suppress(ValueError):
        page = min(max(1, int(query.get("page", "1"))), 10_000)
    sdk = _one_of(Sdk, query.get("sdk"))
    wanted = Wanted(
        q=query.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip() or None,
        team_id=query.get("team") or None,
        sdk=sdk.value if sdk else None,
        drifted=query.get("drifted") == "yes" or None,
        condition=_one_of(Condition, query.get("show")),
    )
    return Asked(wanted, _one_of(Sort, query.get("sort")) or Sort.ACTIVITY, page, query.get("select") == "yes")


def _one_of(choices: type[Choice], value: str | None) -> Choice | None:
    with contextlib.suppress(ValueError):
        return choices(value)
    return None
