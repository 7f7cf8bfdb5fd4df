"""Where Hub jobs are asked for: a namespace, through one of the caller's Hub accounts."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.events.record import record
from spaceport.hub import HubJobs
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubAccount
from spaceport.instance import Instance


@dataclass(frozen=True)
class Place:
    caller: Caller
    account: HubAccount
    namespace: str
    jobs: HubJobs


def reach(
    session: Session,
    instance: Instance,
    caller: Caller,
    *,
    account_id: str | None,
    namespace: str | None,
    needs: Role,
) -> Place:
    """Without a namespace, the account's own. What the account may see and do there, the Hub decides.

    Raises what `hub_accounts.choose` raises, and Forbidden for too low a role in the account's team.
    """
    account = hub_accounts.choose(session, caller, account_id, None)
    caller.require(account.team_id, needs)
    hub = hub_accounts.connect(session, instance, account.id)
    return Place(caller, account, namespace or account.name, hub.jobs)


def note(session: Session, place: Place, kind: str, **data: Any) -> None:
    """Record what was done there. `data` must hold no secret, and so no command or environment either."""
    record(
        session,
        kind,
        team_id=place.account.team_id,
        actor=place.caller.user_id,
        hub_account_id=place.account.id,
        namespace=place.namespace,
        **data,
    )
