"""Looking at every managed Space once a minute, with one listing call for all of an owner's."""

import random
from collections.abc import Iterable
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.costs import tiers
from spaceport.deployments import slot
from spaceport.errors import Conflict
from spaceport.hub import BudgetSpent, Head, Hub, HubFailure
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.reconcile import observations
from spaceport.spaces import moving
from spaceport.spaces.model import Space

EVERY = 60.0
PRICES_EVERY = timedelta(days=1)

_NEW = text("""
    INSERT INTO hub_sweep (hub_account_id, owner, next_at)
    SELECT DISTINCT hub_account_id, owner, CAST(:now AS timestamptz) FROM space WHERE deleted_at IS NULL
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
""")
_GONE = text("""
    DELETE FROM hub_sweep sweep WHERE NOT EXISTS (
        SELECT FROM space
        WHERE space.hub_account_id = sweep.hub_account_id AND space.owner = sweep.owner AND space.deleted_at IS NULL
    )
""")
_CLAIM = text("""
    UPDATE hub_sweep SET next_at = :next WHERE (hub_account_id, owner) = (
        SELECT hub_account_id, owner FROM hub_sweep WHERE next_at <= :now
        ORDER BY next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ) RETURNING hub_account_id, owner
""")

log = structlog.get_logger()


def claim(session: Session) -> tuple[str, str] | None:
    """The Hub account and owner whose sweep is due, now taken by the caller; one replica gets it."""
    now = clock.now()
    session.execute(_NEW, {"now": now})
    session.execute(_GONE)
    following = now + timedelta(seconds=EVERY * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
    row = session.execute(_CLAIM, {"now": now, "next": following}).first()
    return (row.hub_account_id, row.owner) if row else None


def sweep_next(instance: Instance) -> bool:
    """Do the sweep that is due, if any; whether there was one."""
    with instance.database.unit_of_work() as session:
        claimed = claim(session)
    if claimed is not None:
        sweep(instance, *claimed)
    return claimed is not None


def sweep(instance: Instance, account_id: str, owner: str) -> None:
    """List the owner's Spaces, keep what was seen, and settle drift. Without an answer nothing is concluded."""
    with instance.database.unit_of_work() as session:
        hub = hub_accounts.connect(session, instance, account_id)
    asked_at = clock.now()
    try:
        heads = {head.repo_id.lower(): head for head in hub.listed(owner)}
    except BudgetSpent as spent:
        log.info("sweep.gives_way", owner=owner, hub_account=account_id, reason=spent.message)
        return
    except HubFailure as failure:
        log.warning("sweep.not_answered", owner=owner, hub_account=account_id, reason=failure.message)
        return
    with instance.database.unit_of_work() as session:
        spaces = _managed(session, account_id, owner)
    _keep_prices(instance, hub, [heads[key] for space in spaces if (key := space.repo_id.lower()) in heads])
    with instance.database.unit_of_work() as session:
        changed = observations.store(session, spaces, heads, asked_at)
    for space_id, confirmed in changed.items():
        if any(difference["field"] == "exists" for difference in confirmed) and _found_again(instance, hub, space_id):
            continue
        with instance.database.unit_of_work() as session:
            observations.settle(session, space_id, confirmed, asked_at)


def _found_again(instance: Instance, hub: Hub, space_id: str) -> bool:
    """Whether a Space that is missing from the list is there after all. The Hub answers to the names it once had."""
    with instance.database.unit_of_work() as session:
        before = session.get_one(Space, space_id).repo_id
    try:
        head = hub.head(before)
    except HubFailure:
        return False
    if head.repo_id.lower() == before.lower():
        return True
    try:
        with instance.database.unit_of_work() as session:
            space = slot.lock(session, space_id)
            if space.deleted_at is None and space.repo_id == before:
                moving.moved(session, space, head.repo_id, head, actor="reconcile")
    except Conflict as error:
        log.warning("sweep.renamed_to_managed", space=before, reason=error.message)
        return False
    return True


def _keep_prices(instance: Instance, hub: Hub, heads: Iterable[Head]) -> None:
    """Ask for prices where one is needed that is not known, or was not asked for today."""
    needed = {head.runtime.requested_hardware for head in heads if head.runtime and head.runtime.requested_hardware}
    with instance.database.unit_of_work() as session:
        if not tiers.missing(session, hub.endpoint, needed, every=PRICES_EVERY):
            return
    try:
        offers = hub.hardware()
    except HubFailure as failure:
        log.info("prices.not_answered", endpoint=hub.endpoint, reason=failure.message)
        return
    with instance.database.unit_of_work() as session:
        tiers.replace(session, hub.endpoint, offers)


def _managed(session: Session, account_id: str, owner: str) -> list[Space]:
    mine = select(Space).where(
        Space.hub_account_id == account_id, Space.owner == owner, col(Space.deleted_at).is_(None)
    )
    return list(session.exec(mine))
