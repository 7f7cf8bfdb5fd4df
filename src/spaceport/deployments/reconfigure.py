"""Changing secrets and variables: staged for the next deployment, or brought to the Hub at once between deployments."""

from collections.abc import Callable

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import applications, at_once
from spaceport.configuration.commands import Staging
from spaceport.configuration.inputs import Apply
from spaceport.configuration.model import Version
from spaceport.deployments import slot
from spaceport.errors import Conflict
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

Stage = Callable[[Session, Caller, Space], Staging]


def change(instance: Instance, caller: Caller, owner: str, name: str, when: Apply, stage: Stage) -> list[Version]:
    """The versions that were asked for, as they are afterwards.

    Raises Conflict `space_busy` for what shall be applied now while a deployment is under way, and what
    `at_once.run` raises.
    """
    with instance.database.unit_of_work() as session:
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


def _require_free(session: Session, space: Space) -> None:
    try:
        slot.require_free(session, space.id)
    except Conflict as busy:
        busy.fix += " Or send apply=next_deployment: then it is staged."
        raise
