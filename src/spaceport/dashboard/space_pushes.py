"""What Git hosts call for one space, what came from them, and what was decided about it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, render, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import queries as deployments
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space
from spaceport.webhooks import deliveries, hooks
from spaceport.webhooks.model import Delivery
from spaceport.webhooks.providers import Provider

router = APIRouter(prefix="/spaces/{owner}/{name}/pushes")

DeliveryId = Annotated[str, Path(pattern=r"^dlv_[0-9a-z]{26}$")]
After = Annotated[str | None, Query(pattern=r"^dlv_[0-9a-z]{26}$")]

_SHOWN = 25


@router.get("")
def pushes_page(instance: RunningInstance, request: Request, owner: Owner, name: Name, after: After = None) -> Response:
    """With htmx only the part that changes by itself."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        if render.asked_by_htmx(request):
            framed = space_frame.context(caller, space, "pushes")
            return render.fragment(request, "fragments/pushes.html", **framed, **_happened(session, space, after))
    return page(instance, request, caller, space, after=after)


def page(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    *,
    after: str | None = None,
    values: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """`values` is what was typed into the form for a hook."""
    with instance.database.unit_of_work() as session:
        happened = _happened(session, space, after)
    framed = space_frame.context(caller, space, "pushes")
    return render.page(
        request,
        "space_pushes.html",
        part="",
        values=values or {"provider": _provider(space)},
        providers=Provider,
        has_source=_provider(space) is not None,
        **framed,
        **happened,
        **context,
    )


@router.get("/deliveries/{delivery_id}")
def delivery_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, delivery_id: DeliveryId
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        found = _delivery(session, caller, space, delivery_id)
        shown = deliveries.public(session, found)
        led = [decision.deployment_id for decision in shown.decisions if decision.deployment_id]
        framed = space_frame.context(caller, space, "pushes")
        return render.page(
            request,
            "space_delivery.html",
            part="",
            delivery=shown,
            numbers=deployments.numbers(session, led),
            pushes=found.pushes,
            payload=_readable(found.payload),
            **framed,
        )


@router.post("/deliveries/{delivery_id}/redeliver", dependencies=OWN_FORM)
def send_redelivery(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, delivery_id: DeliveryId
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        again = deliveries.redeliver(session, instance, caller, _delivery(session, caller, space, delivery_id))
    said = Flash("good", f"Decided again, by today's rules: {again.reason}")
    return flash.redirect(request, f"/spaces/{space.repo_id}/pushes/deliveries/{again.id}", said)


def _happened(session: Session, space: Space, after: str | None) -> dict[str, Any]:
    found = hooks.of_space(session, space)
    rows = deliveries.of_space(session, space, after=after, limit=_SHOWN + 1)
    deployed = deliveries.deployments(session, space, [delivery.id for delivery, _ in rows])
    return {
        "hooks": found,
        "last": deliveries.last(session, [hook.id for hook in found]),
        "deliveries": rows[:_SHOWN],
        "deployed": deployed,
        "after": after,
        "older": rows[_SHOWN - 1][0].id if len(rows) > _SHOWN else None,
    }


def _delivery(session: Session, caller: Caller, space: Space, delivery_id: str) -> Delivery:
    found = deliveries.get(session, caller, delivery_id)
    if found.team_id != space.team_id:
        raise errors.NotFound("This space has no such delivery.", code="delivery_not_found")
    return found


def _provider(space: Space) -> str | None:
    """Which host it is as far as its name tells, "" where it does not; None for a source that calls no hook."""
    try:
        return hooks.provider_of(space, None).value
    except errors.Invalid as error:
        return "" if error.code == "provider_unknown" else None


def _readable(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        # Cut off after what is kept of it, or not JSON.
        return payload
