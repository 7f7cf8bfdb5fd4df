"""What the routes of secrets, variables and volumes share: who changes what, when, and what is listed."""

from typing import Annotated

from fastapi import Depends, Path, Query

from spaceport.accounts import queries as accounts
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import look, queries
from spaceport.configuration.inputs import KEY_PATTERN, Apply
from spaceport.configuration.model import Kind, Version
from spaceport.deployments.reconfigure import Reconfiguration
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces

Key = Annotated[str, Path(pattern=KEY_PATTERN, max_length=256)]
When = Annotated[
    Apply,
    Query(
        alias="apply",
        description="`now` brings this and everything staged to the Hub, at the cost of one restart of the app;"
        " `next_deployment` stages it, and the next deployment applies all of it before it pushes.",
    ),
]
Fresh = Annotated[
    bool, Query(description="Ask the Hub first, which finds what somebody set there. Costs one call of its quota.")
]


def change(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, when: When = Apply.NOW
) -> Reconfiguration:
    with instance.database.unit_of_work() as session:
        return Reconfiguration(instance, accounts.caller(session, claims), owner, name, when)


Change = Annotated[Reconfiguration, Depends(change)]


def listed(instance: Instance, claims: Claims, owner: str, name: str, kind: Kind, *, fresh: bool) -> list[Version]:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
    if fresh:
        look.now(instance, space, [kind])
    with instance.database.unit_of_work() as session:
        return queries.present(session, space.id, kind)


def one(instance: Instance, claims: Claims, owner: str, name: str, kind: Kind, key: str) -> Version:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return queries.get(session, space.id, kind, key)


def history(instance: Instance, claims: Claims, owner: str, name: str, kind: Kind, key: str) -> list[Version]:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return queries.versions(session, space.id, kind, key)
