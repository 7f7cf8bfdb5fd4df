"""Prices as the Hub tells them, kept for when it does not answer."""

from spaceport.costs import tiers
from spaceport.costs.model import HardwareTier
from spaceport.db.database import Database
from spaceport.hub import Hub, HubFailure


def known(database: Database, hub: Hub) -> list[HardwareTier]:
    """Of the last hour; older ones where the Hub does not answer. Raises HubFailure when it never did."""
    stored = _stored(database, hub)
    if not tiers.stale(stored):
        return stored
    try:
        return _asked(database, hub)
    except HubFailure:
        if not stored:
            raise
        return stored


def at_once(database: Database, hub: Hub) -> list[HardwareTier]:
    """As they are kept, without waiting for the Hub: the reconciler asks for new ones every day.

    Only where none are kept the Hub is asked. Raises HubFailure when it does not answer then.
    """
    return _stored(database, hub) or _asked(database, hub)


def _stored(database: Database, hub: Hub) -> list[HardwareTier]:
    with database.unit_of_work() as session:
        return tiers.stored(session, hub.endpoint)


def _asked(database: Database, hub: Hub) -> list[HardwareTier]:
    offers = hub.hardware()
    with database.unit_of_work() as session:
        return tiers.replace(session, hub.endpoint, offers)
