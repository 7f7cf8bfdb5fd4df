"""Who did what to one space, and when."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from spaceport.accounts import queries as accounts
from spaceport.dashboard import render, space_frame, visitor
from spaceport.dashboard.sentences import Sentence, sentence
from spaceport.dashboard.space_frame import Name, Owner
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import queries as deployments
from spaceport.events import activity
from spaceport.events.model import Event
from spaceport.spaces import queries as spaces

router = APIRouter()

Before = Annotated[int | None, Query(ge=1, lt=2**62)]

_SHOWN = 50
# What a deployment goes through is its own page's; here it would bury the rest.
_STEPS = r"^deployment\.(pushing|building|starting|verifying|held|unstuck|settled|release_job_\w+)$"
# Patterns of kinds: what must match, and what must not.
SHOWN = {
    "": ("Everything", "", _STEPS),
    "deployments": ("Deployments", r"^(deployment|delivery|source)\.", _STEPS),
    "configuration": ("Configuration", r"^(secret|variable|volumes|configuration)\.", ""),
    "settings": ("Settings", r"^(deploy_rules|deploy_token|hook)\.|^space\.(?!drift)", ""),
    "drift": ("Drift", r"^space\.drift|_on_hub$", ""),
    "steps": ("With every step", "", ""),
}


@router.get("/spaces/{owner}/{name}/activity")
def activity_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, show: str = "", before: Before = None
) -> Response:
    show = show if show in SHOWN else ""
    _, kinds, without = SHOWN[show]
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        found = activity.page(session, space.id, before=before, limit=_SHOWN + 1, kinds=kinds, without=without)
        told = _told(session, found[:_SHOWN])
    context: dict[str, Any] = {
        "sentences": told,
        "choices": {key: label for key, (label, *_) in SHOWN.items()},
        "show": show,
        "before": before,
        "older": found[_SHOWN - 1].id if len(found) > _SHOWN else None,
        "kept_days": instance.settings.event_retention_days,
    }
    return render.page(request, "space_activity.html", **context, **space_frame.context(caller, space, "activity"))


def _told(session: Session, events: list[Event]) -> list[Sentence]:
    people = accounts.names(session, {event.actor for event in events})
    numbers = deployments.numbers(session, {event.deployment_id for event in events if event.deployment_id})
    return [sentence(event, people, numbers) for event in events]
