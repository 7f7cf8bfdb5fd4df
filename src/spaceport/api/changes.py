"""What the doors of secrets and variables share: stage a change, and apply it now if that is wanted."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query
from sqlmodel import Session

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.accounts.tokens import Claims
from spaceport.configuration import applications, at_once, look, queries
from spaceport.configuration.commands import Staging
from spaceport.configuration.inputs import KEY_PATTERN, Apply
from spaceport.configuration.model import Kind, Version
from spaceport.deployments import slot
from spaceport.errors import Conflict
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

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

Stage = Callable[[Session, Caller, Space], Staging]


def change(instance: Instance, claims: Claims, owner: str, name: str, when: Apply, stage: Stage) -> list[Version]:
    """The versions that were asked for, as they are afterwards. Raises what `at_once.run` raises."""
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        if when is Apply.NEXT_DEPLOYMENT:
            return stage(session, caller, slot.lock(session, space.id)).versions
        _require_free(session, space)
        staging = stage(session, caller, space)
        application = applications.begin(session, space, asked_by=caller.user_id)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    if application is not None:
        at_once.run(instance, caller, hub, space, application, staging.made)
    with instance.database.unit_of_work() as session:
        return [session.get_one(Version, version.id) for version in staging.versions]


def listed(instance: Instance, claims: Claims, owner: str, name: str, kind: Kind, *, fresh: bool) -> list[Version]:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        if not fresh:
            return queries.present(session, space.id, kind)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    entries = look.ask(hub, space, kind)
    with instance.database.unit_of_work() as session:
        look.keep(session, slot.lock(session, space.id), kind, entries, asked_at)
        return queries.present(session, space.id, kind)


def history(instance: Instance, claims: Claims, owner: str, name: str, kind: Kind, key: str) -> list[Version]:
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return queries.versions(session, space.id, kind, key)


def _require_free(session: Session, space: Space) -> None:
    try:
        slot.require_free(session, space.id)
    except Conflict as busy:
        busy.fix += " Or send apply=next_deployment: then it is staged."
        raise
