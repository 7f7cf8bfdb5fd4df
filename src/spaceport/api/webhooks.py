"""Where Git hosts deliver: the signature is the only credential."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from spaceport.api.caller import RunningInstance
from spaceport.webhooks import inbound
from spaceport.webhooks.model import Status
from spaceport.webhooks.providers import Provider

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

HookId = Annotated[str, Path(pattern=r"^hook_[0-9a-z]{26}$")]
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


class DeliveryReceived(BaseModel):
    delivery_id: str
    status: Status | None = Field(description="Null for a delivery that came before.")
    reason: str
    duplicate: bool


@router.post("/{provider}/{hook_id}", status_code=202, openapi_extra=_BODY)
async def receive_delivery(
    instance: RunningInstance, provider: Provider, hook_id: HookId, request: Request
) -> DeliveryReceived:
    """A Git host's call. Answered 202 once it is decided and stored, whatever the decision: hosts give hooks up that
    answer errors. 401 when it does not prove where it comes from."""
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    receipt = await run_in_threadpool(inbound.receive, instance, provider, hook_id, headers, body)
    return DeliveryReceived.model_validate(receipt, from_attributes=True)
