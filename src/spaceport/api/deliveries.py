"""What Git hosts delivered, and what was decided about it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.pages import Page, Paging
from spaceport.spaces import queries as spaces
from spaceport.webhooks import deliveries
from spaceport.webhooks.model import DeliveryPublic, DeliverySummary, Status
from spaceport.webhooks.providers import Provider

router = APIRouter(prefix="/api/v1/deliveries", tags=["webhooks"])

DeliveryId = Annotated[str, Path(pattern=r"^dlv_[0-9a-z]{26}$")]


@router.get("")
def list_deliveries(
    instance: RunningInstance,
    claims: SignedIn,
    paging: Paging,
    hook_id: Annotated[str | None, Query(pattern=r"^hook_[0-9a-z]{26}$")] = None,
    space: Annotated[str | None, Query(pattern=r"^[^/]{1,96}/[^/]{1,96}$", description="owner/name")] = None,
    status: Status | None = None,
    provider: Provider | None = None,
) -> Page[DeliverySummary]:
    """Your teams' deliveries, newest first."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space_id = spaces.get(session, caller, *space.split("/")).id if space else None
        found = deliveries.page(
            session,
            caller,
            hook_id=hook_id,
            space_id=space_id,
            status=status,
            provider=provider,
            after=paging.after,
            limit=paging.limit,
        )
    return paging.page([DeliverySummary.model_validate(delivery) for delivery in found])


@router.get("/{delivery_id}")
def read_delivery(instance: RunningInstance, claims: SignedIn, delivery_id: DeliveryId) -> DeliveryPublic:
    """What came, and what was decided about each space and why."""
    with instance.database.unit_of_work() as session:
        delivery = deliveries.get(session, accounts.caller(session, claims), delivery_id)
        return deliveries.public(session, delivery)


@router.post("/{delivery_id}/redelivery", status_code=202)
def redeliver_delivery(
    instance: RunningInstance, claims: SignedIn, delivery_id: DeliveryId, response: Response
) -> DeliveryPublic:
    """Decide about it again, as a new delivery, by today's rules and also about a revision that was brought before."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        delivery = deliveries.get(session, caller, delivery_id, needs=Role.DEPLOYER)
        again = deliveries.redeliver(session, instance, caller, delivery)
        response.headers["Location"] = f"/api/v1/deliveries/{again.id}"
        return deliveries.public(session, again)
