"""Changing what an app is started with: staged for the next deployment, or brought to the Hub between deployments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import applications, at_once, commands, queries
from spaceport.configuration.commands import Setting, Staging
from spaceport.configuration.inputs import Apply
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.deployments import slot
from spaceport.errors import Conflict
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

_Stage = Callable[[Session, Space], Staging]
# What else can be done while a deployment is under way.
_STAGE_IT = "Or send apply=next_deployment: then it is staged."
_LEAVE_IT = "Or leave it staged: the next deployment applies it."


@dataclass(frozen=True)
class Reconfiguration:
    """Who wants to change which space's configuration, and when that is to reach the Hub.

    Every verb answers the versions that were asked for, as they are afterwards. It raises what the verb of `commands`
    raises; for what shall be applied now Conflict `space_busy` while a deployment is under way, and what `at_once.run`
    raises.
    """

    instance: Instance
    caller: Caller
    owner: str
    name: str
    when: Apply

    def put(self, kind: Kind, wanted: Sequence[Setting]) -> list[Version]:
        sealer = self.instance.sealer
        return self._make(lambda session, space: commands.put(session, sealer, self.caller, space, kind, wanted))

    def put_volumes(self, wanted: Sequence[Volume]) -> list[Version]:
        return self._make(lambda session, space: commands.put_volumes(session, self.caller, space, wanted))

    def delete(self, kind: Kind, key: str) -> list[Version]:
        return self._make(lambda session, space: commands.delete(session, self.caller, space, kind, key))

    def restore(self, kind: Kind, key: str, number: int) -> list[Version]:
        sealer = self.instance.sealer
        return self._make(
            lambda session, space: commands.restore(session, sealer, self.caller, space, kind, key=key, number=number)
        )

    def apply_staged(self) -> list[Version]:
        """What is staged already; [] when nothing is."""
        return self._make(lambda session, space: Staging(queries.staged(session, space.id), []), _LEAVE_IT)

    def _make(self, stage: _Stage, instead: str = _STAGE_IT) -> list[Version]:
        with self.instance.database.unit_of_work() as session:
            space = spaces.get(session, self.caller, self.owner, self.name, needs=Role.DEPLOYER)
            if self.when is Apply.NEXT_DEPLOYMENT:
                return stage(session, slot.lock(session, space.id)).versions
            _require_free(session, space, instead)
            staging = stage(session, space)
            application = applications.begin(session, space, asked_by=self.caller.user_id)
            hub = hub_accounts.connect(session, self.instance, space.hub_account_id)
        if application is not None:
            at_once.run(self.instance, self.caller, hub, space, application, staging.made)
        with self.instance.database.unit_of_work() as session:
            return [session.get_one(Version, version.id) for version in staging.versions]


def _require_free(session: Session, space: Space, instead: str) -> None:
    try:
        slot.require_free(session, space.id)
    except Conflict as busy:
        busy.fix += f" {instead}"
        raise
