"""The hardware that Spaces may be given, with prices."""

from typing import Annotated

from fastapi import APIRouter, Query

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.costs import forecast, prices
from spaceport.costs.model import HardwareList, HardwarePublic, HardwareTier
from spaceport.hub_accounts import commands as hub_accounts

router = APIRouter(prefix="/api/v1/hardware", tags=["hardware"])


@router.get("")
def list_hardware(
    instance: RunningInstance,
    claims: SignedIn,
    hub_account_id: Annotated[str | None, Query(pattern=r"^hub_[0-9a-z]{26}$")] = None,
) -> HardwareList:
    """What the Hub offers Spaces, as it listed it within the last hour; older when it does not answer."""
    with instance.database.unit_of_work() as session:
        account = hub_accounts.any_of(session, accounts.caller(session, claims), hub_account_id)
        hub = hub_accounts.connect(session, instance, account.id)
    return _public(prices.known(instance.database, hub))


def _public(known: list[HardwareTier]) -> HardwareList:
    return HardwareList(
        observed_at=max(tier.observed_at for tier in known),
        items=[
            HardwarePublic.model_validate(
                tier,
                update={
                    "usd_per_minute": forecast.usd(tier.micro_usd_per_minute),
                    "usd_per_hour": forecast.usd_per_hour(tier.micro_usd_per_minute),
                },
            )
            for tier in known
        ],
    )
