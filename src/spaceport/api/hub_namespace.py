"""Which namespace on the Hub a request is about, and through which Hub account: the same for every Hub job."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_jobs import place
from spaceport.hub_jobs.place import Place
from spaceport.instance import Instance
from spaceport.spaces.model import NAME_PATTERN


@dataclass(frozen=True)
class Asked:
    instance: Instance
    claims: Claims
    hub_account_id: str | None
    namespace: str | None

    def reach(self, needs: Role) -> Place:
        """In transactions of its own: call it before the Hub is called."""
        with self.instance.database.unit_of_work() as session:
            caller = accounts.caller(session, self.claims)
        if self.hub_account_id is None:
            hub_accounts.adopt_environment(self.instance, caller)
        with self.instance.database.unit_of_work() as session:
            return place.reach(
                session,
                self.instance,
                caller,
                account_id=self.hub_account_id,
                namespace=self.namespace,
                needs=needs,
            )

    def note(self, reached: Place, kind: str, **data: Any) -> None:
        """Record what the Hub has done."""
        with self.instance.database.unit_of_work() as session:
            place.note(session, reached, kind, **data)


# `async` although it waits for nothing: FastAPI would send a plain function through the thread pool.
async def asked(
    instance: RunningInstance,
    claims: SignedIn,
    hub_account_id: Annotated[
        str | None,
        Query(pattern=r"^hub_[0-9a-z]{26}$", description="Needed only when your teams have several Hub accounts."),
    ] = None,
    namespace: Annotated[
        str | None,
        Query(
            pattern=NAME_PATTERN,
            max_length=96,
            description="A user or organisation on the Hub; the Hub account's own user when left out.",
        ),
    ] = None,
) -> Asked:
    return Asked(instance, claims, hub_account_id, namespace)


There = Annotated[Asked, Depends(asked)]
