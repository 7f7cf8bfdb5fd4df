"""Prices as the Hub tells them: asked for when they are needed and not fresh, and kept for when it does not answer."""

from spaceport.costs import tiers
from spaceport.costs.model import HardwareTier
from spaceport.db.database import Database
from spaceport.hub import Hub, HubFailure


def known(database: Database, hub: Hub) -> list[HardwareTier]:
    """Of the last hour; older ones where the Hub does not answer. Raises HubFailure when it never did."""
    with database.unit_of_work() as session:
        stored = tiers.stored(session, hub.endpoint)
    if not tiers.stale(stored):
        return stored
    try:
        offers = hub.hardware()
    except HubFailure:
        if not stored:
            raise
        return stored
    with database.unit_of_work() as session:
        return tiers.replace(session, hub.endpoint, offers)
