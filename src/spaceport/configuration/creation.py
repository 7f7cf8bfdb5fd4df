"""Taking a Space under management, from the first check to its row."""

from spaceport.accounts.caller import Caller
from spaceport.configuration import adoption
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import commands
from spaceport.spaces.model import Space, SpaceCreate
from spaceport.uploads import commands as uploads


def create(instance: Instance, caller: Caller, wanted: SpaceCreate) -> Space:
    """Create a Space on the Hub and manage it, or with `adopt` manage one that exists there.

    No transaction is open while the Hub is called. Raises what `commands.admit`, `settle` and `add` raise.
    """
    if wanted.hub_account_id is None:
        hub_accounts.adopt_environment(instance, caller)
    with instance.database.unit_of_work() as session:
        admission = commands.admit(session, instance, caller, wanted)
        if wanted.source is not None and wanted.source.kind == "upload":
            uploads.get(session, admission.account.team_id, wanted.source.upload_id)
    head = commands.settle(admission, wanted)
    present = adoption.ask(admission.hub, head.repo_id) if wanted.adopt else None
    with instance.database.unit_of_work() as session:
        space = commands.add(session, instance, caller, wanted, admission, head)
        if present is not None:
            adoption.take_over(session, space, head, present)
        return space
