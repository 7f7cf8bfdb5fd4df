"""A managed copy of a space, from the first check to its row."""

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import adoption, duplicate, look
from spaceport.configuration.duplicate import Duplicate, DuplicateInput
from spaceport.deployments import slot
from spaceport.instance import Instance
from spaceport.spaces import commands, queries


def run(instance: Instance, caller: Caller, owner: str, name: str, wanted: DuplicateInput) -> Duplicate:
    """No transaction is open while the Hub is called.

    Raises what `commands.admit`, `duplicate.copy` and `commands.add` raise, and HubFailure.
    """
    with instance.database.unit_of_work() as session:
        original = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        description = duplicate.described(instance.sealer, original, wanted)
        admission = commands.admit(session, instance, caller, description)
    asked_at = clock.now()
    there = adoption.ask(admission.hub, original.repo_id)
    with instance.database.unit_of_work() as session:
        original = slot.lock(session, original.id)
        for kind, entries in there.entries.items():
            look.keep(session, original, kind, entries, asked_at)
        given = duplicate.seeds(session, instance.sealer, original, wanted)
    duplicate.copy(admission.hub, original, wanted, given)
    head = admission.hub.head(f"{wanted.owner}/{wanted.name}")
    present = adoption.ask(admission.hub, head.repo_id)
    with instance.database.unit_of_work() as session:
        copy = commands.add(session, instance, caller, description, admission, head)
        duplicate.take_over(session, instance.sealer, caller, original, copy, given=given, present=present)
        return Duplicate(space=queries.public(copy), missing_secrets=list(given.missing))
