"""What a month is going to cost, from what it has cost so far. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spaceport.costs.model import MonthCost


@dataclass(frozen=True)
class Spent:
    """Of this month; prices in millionths of a US dollar."""

    seconds: int = 0
    micro_usd: int = 0
    unpriced_seconds: int = 0
    unobserved_seconds: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.seconds + other.seconds,
            self.micro_usd + other.micro_usd,
            self.unpriced_seconds + other.unpriced_seconds,
            self.unobserved_seconds + other.unobserved_seconds,
        )


@dataclass(frozen=True)
class Pace:
    """What a space costs per minute while it runs, and the share of the time (0 to 1) that it does."""

    micro_usd_per_minute: int = 0
    running_share: float = 0.0

    def priced(self, micro_usd_per_minute: int) -> "Pace":
        return replace(self, micro_usd_per_minute=micro_usd_per_minute)


def month_start(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month(spent: Spent, paces: list[Pace], now: datetime) -> MonthCost:
    """`paces` are those of everything that is still there. `now` is in UTC, as months are."""
    minutes_left = (_next_month(now) - now) / timedelta(minutes=1)
    usual = sum(pace.micro_usd_per_minute * pace.running_share for pace in paces)
    always = sum(pace.micro_usd_per_minute for pace in paces)
    return MonthCost(
        usd_to_date=usd(spent.micro_usd),
        minutes_to_date=round(spent.seconds / 60, 1),
        usd_forecast=usd(spent.micro_usd + minutes_left * usual),
        usd_forecast_always_running=usd(spent.micro_usd + minutes_left * always),
        unpriced_minutes=round(spent.unpriced_seconds / 60, 1),
        unobserved_minutes=round(spent.unobserved_seconds / 60, 1),
    )


def usd(micro_usd: float) -> float:
    return round(micro_usd / 1_000_000, 4)


def usd_per_hour(micro_usd_per_minute: int) -> float:
    return usd(micro_usd_per_minute * 60)


def _next_month(now: datetime) -> datetime:
    return (month_start(now) + timedelta(days=32)).replace(day=1)
