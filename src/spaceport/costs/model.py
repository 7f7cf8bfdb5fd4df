"""The SQLModel family of a hardware tier, and costs as they are shown."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class HardwareTier(SQLModel, table=True):
    """One kind of hardware as a Hub lists it (its contract, section 6.3). Prices are millionths of a US dollar."""

    __tablename__ = "hardware_tier"

    endpoint: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, primary_key=True))
    pretty_name: str = Field(sa_column=Column(Text, nullable=False))
    cpu: str = Field(sa_column=Column(Text, nullable=False))
    ram: str = Field(sa_column=Column(Text, nullable=False))
    accelerator: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    micro_usd_per_minute: int = Field(sa_column=Column(BigInteger, nullable=False))
    position: int = Field(sa_column=Column(BigInteger, nullable=False), description="Where the Hub lists it.")
    observed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Accelerator(SQLModel):
    """`quantity` and `vram` are the Hub's words, such as "1" and "16 GB"."""

    type: str
    model: str
    quantity: str
    vram: str
    manufacturer: str


class HardwarePublic(SQLModel):
    name: str = Field(schema_extra={"examples": ["t4-small"]})
    pretty_name: str
    cpu: str = Field(schema_extra={"examples": ["4 vCPU"]})
    ram: str = Field(schema_extra={"examples": ["15 GB"]})
    accelerator: Accelerator | None
    usd_per_minute: float
    usd_per_hour: float


class HardwareList(SQLModel):
    """`observed_at` is when the Hub was asked."""

    items: list[HardwarePublic]
    observed_at: datetime


class MonthCost(SQLModel):
    """US dollars of this month (UTC), as observed once a minute: an estimate, never the Hub's bill.

    `forecast` assumes that the rest of the month is like the last seven days; `forecast_always_running` that the
    space never sleeps or pauses again.
    """

    usd_to_date: float
    minutes_to_date: float
    usd_forecast: float
    usd_forecast_always_running: float
    unpriced_minutes: float
    unobserved_minutes: float


class HardwareUsage(SQLModel):
    hardware: str
    minutes: float
    usd: float


class SpaceCost(SQLModel):
    space: str
    hardware: str | None
    usd_per_hour: float | None = Field(description="Of the present hardware, all replicas; null when unknown.")
    running_share: float = Field(description="Share of the last seven days in which it was billed for, 0 to 1.")
    month: MonthCost
    by_hardware: list[HardwareUsage]
    observed_at: datetime | None


class TeamCost(SQLModel):
    """Spaces that were deleted this month are counted."""

    team_id: str
    month: MonthCost
    spaces: list[SpaceCost]


class CostForecast(SQLModel):
    """What a change of hardware or replicas would cost, before it is made."""

    hardware: str | None
    usd_per_hour: float | None
    new_hardware: str | None
    new_usd_per_hour: float
    month: MonthCost = Field(description="As it is.")
    new_month: MonthCost = Field(description="With the change from now on.")
