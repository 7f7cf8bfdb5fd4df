"""What a change of settings would cost, before anything is changed."""

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.costs import prices, queries
from spaceport.costs.model import CostForecast
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces import settings
from spaceport.spaces.settings import SettingsUpdate


def of_change(instance: Instance, caller: Caller, owner: str, name: str, wanted: SettingsUpdate) -> CostForecast:
    """Raises Invalid `nothing_given` or `nothing_to_price`, NotFound `hardware_unknown`, HubFailure."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    settings.changes(wanted)
    tiers = prices.at_once(instance.database, hub)
    if wanted.hardware is not None and wanted.hardware not in {tier.name for tier in tiers}:
        # The Hub may offer it since today.
        tiers = prices.known(instance.database, hub)
    with instance.database.unit_of_work() as session:
        return queries.of_change(session, space, tiers, wanted)
