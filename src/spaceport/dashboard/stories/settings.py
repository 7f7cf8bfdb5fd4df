"""What is settled about a space: hardware, cost, domains, address."""

from datetime import datetime
from typing import Any

from spaceport.costs.model import HardwareTier, HardwareUsage
from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import EVERYTHING, VIEWER, Story
from spaceport.runtime import domains
from spaceport.spaces.model import Sdk, Visibility
from spaceport.spaces.settings import SettingsPublic

_T4 = {"type": "gpu", "model": "Nvidia T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"}
_TIERS: tuple[tuple[str, str, str, str, dict[str, str] | None, int], ...] = (
    ("cpu-basic", "CPU basic", "2 vCPU", "16 GB", None, 0),
    ("cpu-upgrade", "CPU upgrade", "8 vCPU", "32 GB", None, 500),
    ("t4-small", "Nvidia T4 small", "4 vCPU", "15 GB", _T4, 6667),
)
_STAGES = ("READY", "PENDING", "PENDING_CHALLENGE", "EXPIRED_CHALLENGE", "MISCONFIGURED")
_ADDRESS = {"visibility": "public", "move_owner": "acme", "move_name": "demo"}
_COPY = {"copy_owner": "acme", "copy_name": "demo-copy", "copy_hardware": ""}


def stories(now: datetime) -> list[Story]:
    tiers = [_tier(position, now) for position in range(len(_TIERS))]
    return [*_hardware(tiers), *_costs(), *_domains(), *_address(tiers)]


def _hardware(tiers: list[HardwareTier]) -> list[Story]:
    free = SettingsPublic(hardware="cpu-basic", sleep_time=None, replicas=None, dev_mode=None)
    chosen = SettingsPublic(hardware="t4-small", sleep_time=3600, replicas=2, dev_mode=True)
    none = SettingsPublic(hardware=None, sleep_time=None, replicas=None, dev_mode=None)
    usual = {"space": samples.space(), "tiers": tiers, "settled": free} | EVERYTHING
    return [
        Story("hardware", "The free one is marked as the present one", usual),
        Story("hardware", "A paid one is chosen, with sleep, replicas and dev mode", usual | {"settled": chosen}),
        Story(
            "hardware",
            "A static Space, which has none",
            usual | {"space": samples.space(sdk=Sdk.STATIC), "settled": none},
        ),
        Story("hardware", "The Hub has told no prices", usual | {"tiers": []}),
        Story("hardware", "Hardware, for a viewer", usual | VIEWER),
    ]


def _tier(position: int, now: datetime) -> HardwareTier:
    name, pretty_name, cpu, ram, accelerator, price = _TIERS[position]
    return HardwareTier(
        endpoint="https://hub.example",
        name=name,
        pretty_name=pretty_name,
        cpu=cpu,
        ram=ram,
        accelerator=accelerator,
        micro_usd_per_minute=price,
        position=position,
        observed_at=now,
    )


def _costs() -> list[Story]:
    used = [
        HardwareUsage(hardware="t4-small", minutes=1900, usd=12.67),
        HardwareUsage(hardware="cpu-basic", minutes=8200, usd=0),
    ]
    month = {
        "minutes_to_date": 10_100.0,
        "usd_to_date": 12.67,
        "usd_forecast": 19.3,
        "usd_forecast_always_running": 84.5,
    }
    unknown = {"unpriced_minutes": 45.0, "unobserved_minutes": 130.0, "usd_per_hour": None}
    dear: dict[str, Any] = {"hardware": "t4-small", "usd_per_hour": 0.4, "running_share": 0.42, "by_hardware": used}
    return [
        Story("cost", "Nothing yet", {"cost": samples.cost()}),
        Story("cost", "With minutes and a forecast", {"cost": samples.cost(**month, **dear)}),
        Story("cost", "Some minutes have no price", {"cost": samples.cost(**month, **dear | unknown)}),
    ]


def _domains() -> list[Story]:
    found = [{"domain": f"app-{i}.example.com", "stage": each, "isCustom": True} for i, each in enumerate(_STAGES)]
    own = [domains.public(each) for each in found]
    return [
        Story("domains", "Own domains in each stage", {"space": samples.space(), "domains": own}),
        Story("domains", "No domain of one's own", {"space": samples.space(host=None), "domains": []}),
    ]


def _address(tiers: list[HardwareTier]) -> list[Story]:
    usual = {"space": samples.space(), "values": _ADDRESS | _COPY, "tiers": tiers, "visibilities": Visibility}
    typed = {"move_name": "demo two", "copy_visibility": "public", "copy_hardware": "t4-small", "on_hub": "yes"}
    return [
        Story("address", "As it is", usual),
        Story("address", "Something was refused: what was typed is kept", usual | {"values": _ADDRESS | _COPY | typed}),
    ]
