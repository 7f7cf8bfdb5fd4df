"""Showing what is left of the Hub accounts' quotas."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.hub_accounts.model import HubAccount, HubAccountPublic, HubBudget, HubBudgetPublic


def public(session: Session, accounts: Iterable[HubAccount]) -> list[HubAccountPublic]:
    """The accounts with what is left of their quotas, where the Hub has said so."""
    accounts = list(accounts)
    rows = session.exec(select(HubBudget).where(col(HubBudget.hub_account_id).in_([a.id for a in accounts])))
    budgets = {row.hub_account_id: _shown(row) for row in rows}
    return [HubAccountPublic.model_validate(a, update={"budget": budgets.get(a.id)}) for a in accounts]


def _shown(row: HubBudget) -> HubBudgetPublic:
    if row.window_ends_at <= clock.now():
        return HubBudgetPublic(quota=row.quota, used=0, remaining=row.quota, resets_at=None)
    used = row.quota - row.remaining
    return HubBudgetPublic(quota=row.quota, used=used, remaining=row.remaining, resets_at=row.window_ends_at)
