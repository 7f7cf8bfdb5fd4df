"""What spaces and teams have cost this month, and are going to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from spaceport import clock
from spaceport.costs import forecast
from spaceport.costs.forecast import Pace, Spent
from spaceport.costs.model import CostForecast, HardwareTier, HardwareUsage, SpaceCost, TeamCost
from spaceport.errors import Invalid, NotFound
from spaceport.runtime.usage import REPLICAS
from spaceport.spaces.model import Space
from spaceport.spaces.settings import SettingsUpdate

_LOOKBACK = timedelta(days=7)
_SPENT = text("""
    SELECT space_id, hardware, sum(seconds)::bigint AS seconds, sum(micro_usd)::bigint AS micro_usd,
        sum(unpriced_seconds)::bigint AS unpriced_seconds, sum(unobserved_seconds)::bigint AS unobserved_seconds
    FROM space_usage WHERE space_id = ANY(:ids) AND day >= :first_day
    GROUP BY space_id, hardware ORDER BY micro_usd DESC, hardware
""")
_PACE = text(f"""
    SELECT space.id, observation.observed_at, {REPLICAS} AS replicas, tier.micro_usd_per_minute * {REPLICAS} AS price,
        coalesce(observation.hardware, observation.requested_hardware) AS hardware,
        extract(epoch FROM CAST(:now AS timestamptz) - greatest(space.created_at, :since)) AS possible,
        (SELECT coalesce(sum(seconds), 0) FROM space_usage WHERE space_id = space.id AND day >= :first_day) AS billed
    FROM space LEFT JOIN observation ON observation.space_id = space.id
    LEFT JOIN hardware_tier tier
        ON tier.endpoint = space.endpoint AND tier.name = coalesce(observation.hardware, observation.requested_hardware)
    WHERE space.id = ANY(:ids) AND space.deleted_at IS NULL
""")  # noqa: S608 - a constant of ours
_OF_TEAM = text("""
    SELECT id, owner || '/' || name AS repo_id FROM space
    WHERE team_id = :team_id AND (deleted_at IS NULL OR deleted_at >= :month) ORDER BY id DESC
""")


@dataclass
class _Facts:
    """About one space. `price` is that of all replicas, None where it is unknown; `pace` zero for one that is gone."""

    hardware: str | None = None
    replicas: int = 1
    price: int | None = None
    pace: Pace = field(default_factory=Pace)
    observed_at: datetime | None = None
    usages: list[tuple[str, Spent]] = field(default_factory=list)

    @property
    def spent(self) -> Spent:
        return sum((spent for _, spent in self.usages), Spent())


def of_space(session: Session, space: Space) -> SpaceCost:
    return _cost(space.repo_id, _facts(session, [space.id])[space.id], clock.now())


def of_team(session: Session, team_id: str, *, dearest: int | None = None) -> TeamCost:
    """With the spaces that were deleted this month, or with `dearest` only those that cost most."""
    now = clock.now()
    rows = session.execute(_OF_TEAM, {"team_id": team_id, "month": forecast.month_start(now)}).all()
    facts = _facts(session, [row.id for row in rows])
    each = {row.id: facts[row.id].spent for row in rows}
    spent = sum(each.values(), Spent())
    shown = rows if dearest is None else sorted(rows, key=lambda row: -each[row.id].micro_usd)[:dearest]
    return TeamCost(
        team_id=team_id,
        month=forecast.month(spent, [facts[row.id].pace for row in rows], now),
        spaces=[_cost(row.repo_id, facts[row.id], now) for row in shown],
    )


def of_change(session: Session, space: Space, tiers: Sequence[HardwareTier], wanted: SettingsUpdate) -> CostForecast:
    """What other hardware or replicas would cost from now on, run for as much of the time as it was.

    Raises Invalid `nothing_to_price`, NotFound `hardware_unknown`.
    """
    if wanted.hardware is None and wanted.replicas is None:
        raise Invalid(
            "Neither hardware nor replicas were given, and nothing else has a price.",
            code="nothing_to_price",
            fix="Send hardware or replicas with dry_run=true.",
        )
    now = clock.now()
    facts = _facts(session, [space.id])[space.id]
    price = _price(tiers, wanted.hardware or facts.hardware) * (wanted.replicas or facts.replicas)
    return CostForecast(
        hardware=facts.hardware,
        usd_per_hour=None if facts.price is None else forecast.usd_per_hour(facts.price),
        new_hardware=wanted.hardware or facts.hardware,
        new_usd_per_hour=forecast.usd_per_hour(price),
        month=forecast.month(facts.spent, [facts.pace], now),
        new_month=forecast.month(facts.spent, [facts.pace.priced(price)], now),
    )


def _price(tiers: Sequence[HardwareTier], name: str | None) -> int:
    for tier in tiers:
        if tier.name == name:
            return tier.micro_usd_per_minute
    raise NotFound(
        f"The Hub offers no hardware {name}." if name else "It is not known yet what this Space runs on.",
        code="hardware_unknown",
        fix="See what there is with GET /api/v1/hardware.",
    )


def _facts(session: Session, ids: Sequence[str]) -> dict[str, _Facts]:
    now = clock.now()
    facts: dict[str, _Facts] = defaultdict(_Facts)
    first_day = forecast.month_start(now).date()
    for row in session.execute(_SPENT, {"ids": list(ids), "first_day": first_day}):
        spent = Spent(row.seconds, row.micro_usd, row.unpriced_seconds, row.unobserved_seconds)
        facts[row.space_id].usages.append((row.hardware, spent))
    since = now - _LOOKBACK
    parameters = {"ids": list(ids), "now": now, "since": since, "first_day": since.date()}
    for row in session.execute(_PACE, parameters):
        of = facts[row.id]
        of.hardware, of.price, of.observed_at = row.hardware, row.price, row.observed_at
        of.replicas = row.replicas
        of.pace = Pace(row.price or 0, _share(row))
    return facts


def _share(row: Any) -> float:
    """Whole days are looked back on, so that the share may come out a little above 1."""
    return min(1.0, float(row.billed) / float(row.possible)) if row.possible > 0 else 0.0


def _cost(repo_id: str, facts: _Facts, now: datetime) -> SpaceCost:
    return SpaceCost(
        space=repo_id,
        hardware=facts.hardware,
        usd_per_hour=None if facts.price is None else forecast.usd_per_hour(facts.price),
        running_share=round(facts.pace.running_share, 3),
        month=forecast.month(facts.spent, [facts.pace], now),
        by_hardware=[
            HardwareUsage(hardware=name, minutes=round(spent.seconds / 60, 1), usd=forecast.usd(spent.micro_usd))
            for name, spent in facts.usages
        ],
        observed_at=facts.observed_at,
    )
