"""Pausing and restarting a Space: the Hub first, then what it means for the deployments under way."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.deployments import commands, queries, slot
from spaceport.deployments.slot import Limits
from spaceport.events.record import record
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime import observations
from spaceport.runtime.model import Observation, RuntimePublic
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space


@dataclass(frozen=True)
class Paused:
    runtime: RuntimePublic
    canceled_deployments: list[str]


def pause(instance: Instance, caller: Caller, owner: str, name: str) -> Paused:
    """Always possible; deployments under way are canceled. Raises NotFound, Forbidden, HubFailure."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    runtime = hub.pause(space.repo_id)
    with instance.database.unit_of_work() as session:
        canceled = commands.cancel_open(session, Limits.of(instance.settings), space, actor=caller.user_id)
        observations.keep(session, space.id, runtime, asked_at)
        _record(session, "space.paused", space, caller, canceled_deployments=canceled)
        return Paused(_shown(session, space), canceled)


def restart(instance: Instance, caller: Caller, owner: str, name: str, *, factory: bool) -> RuntimePublic:
    """Raises Conflict `space_busy` while a deployment is under way, NotFound, Forbidden, HubFailure."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        slot.require_free(session, space.id)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    runtime = hub.restart(space.repo_id, factory=factory)
    with instance.database.unit_of_work() as session:
        observations.keep(session, space.id, runtime, asked_at)
        _record(session, "space.restarted", space, caller, factory_reboot=factory)
        return _shown(session, space)


def _shown(session: Session, space: Space) -> RuntimePublic:
    return queries.runtime(session, space, session.get_one(Observation, space.id))


def _record(session: Session, kind: str, space: Space, caller: Caller, **data: Any) -> None:
    record(session, kind, team_id=space.team_id, actor=caller.user_id, space_id=space.id, space=space.repo_id, **data)
