"""Hub accounts: the tokens through which spaces are reached. No route ever answers a token."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Path

from spaceport.accounts import queries
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.hub import HubFailure
from spaceport.hub_accounts import budget, commands
from spaceport.hub_accounts.model import HubAccountCreate, HubAccountPublic

router = APIRouter(prefix="/api/v1/hub-accounts", tags=["hub accounts"])

HubAccountId = Annotated[str, Path(pattern=r"^hub_[0-9a-z]{26}$")]


@router.post("", status_code=201)
def store_hub_account(instance: RunningInstance, claims: SignedIn, wanted: HubAccountCreate) -> HubAccountPublic:
    """Store a Hub token, sealed, after asking the Hub whose it is. The same Hub user again replaces the token."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        team_id = wanted.team_id or caller.default_team_id
        caller.require(team_id, Role.ADMIN)
    token = wanted.token.get_secret_value()
    identity = commands.identify(instance, token)
    with instance.database.unit_of_work() as session:
        account = commands.store(session, instance, caller, team_id, identity, token)
        [stored] = budget.public(session, [account])
    return stored


@router.get("")
def list_hub_accounts(instance: RunningInstance, claims: SignedIn) -> list[HubAccountPublic]:
    """Hub accounts of your teams. The one of the environment belongs to the first registered team."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
    # What is stored is listed even while the environment's token is refused; POST /spaces says why it is.
    with contextlib.suppress(HubFailure):
        commands.adopt_environment(instance, caller)
    with instance.database.unit_of_work() as session:
        return budget.public(session, commands.listed(session, caller))


@router.get("/{account_id}")
def read_hub_account(instance: RunningInstance, claims: SignedIn, account_id: HubAccountId) -> HubAccountPublic:
    """With `budget`: the account's quota of Hub calls, what is used of it, and when it is renewed."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        [account] = budget.public(session, [commands.get(session, caller, account_id)])
    return account


@router.delete("/{account_id}", status_code=204)
def remove_hub_account(instance: RunningInstance, claims: SignedIn, account_id: HubAccountId) -> None:
    """Forget a Hub account. 409 `hub_account_in_use` once spaces were managed through it."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        commands.remove(session, caller, account_id)
