"""The hardware that a Hub offers, asked for at most once an hour and kept for when it does not answer."""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from spaceport import clock
from spaceport.costs.model import HardwareTier
from spaceport.hub import HardwareOffer

FRESH_FOR = timedelta(hours=1)


def stored(session: Session, endpoint: str) -> list[HardwareTier]:
    """As the Hub listed them; [] when it was never asked."""
    statement = select(HardwareTier).where(HardwareTier.endpoint == endpoint).order_by(col(HardwareTier.position))
    return list(session.exec(statement))


def stale(tiers: Sequence[HardwareTier]) -> bool:
    return not tiers or clock.now() - tiers[0].observed_at > FRESH_FOR


def missing(session: Session, endpoint: str, names: Collection[str], *, every: timedelta) -> bool:
    """Whether the price of one of these is unknown, or was not asked for within `every`."""
    known = select(func.count()).where(
        HardwareTier.endpoint == endpoint,
        col(HardwareTier.name).in_(names),
        HardwareTier.observed_at > clock.now() - every,
    )
    return session.exec(known).one() < len(names)


def replace(session: Session, endpoint: str, offers: Sequence[HardwareOffer]) -> list[HardwareTier]:
    """Keep a new listing in place of the old one."""
    now = clock.now()
    rows = [
        {"endpoint": endpoint, "position": position, "observed_at": now} | dataclasses.asdict(offer)
        for position, offer in enumerate(offers)
    ]
    session.execute(
        delete(HardwareTier).where(
            col(HardwareTier.endpoint) == endpoint, col(HardwareTier.name).not_in([offer.name for offer in offers])
        )
    )
    if rows:
        # Two replicas may ask at once.
        upsert = insert(HardwareTier)
        fresh = {name: upsert.excluded[name] for name in rows[0] if name not in {"endpoint", "name"}}
        session.execute(upsert.on_conflict_do_update(index_elements=["endpoint", "name"], set_=fresh).values(rows))
    session.expire_all()
    return stored(session, endpoint)
