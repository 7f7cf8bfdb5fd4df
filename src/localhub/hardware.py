"""The hardware one may ask for, with the Hub's names and prices (USD per hour, mid-2026)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Flavor:
    title: str
    cpus: int
    ram: int
    price: float = 0
    accelerator: tuple[str, int, int] | None = None
    """Model, how many, GB of video memory each."""


FLAVORS = {
    "cpu-basic": Flavor("CPU Basic", 2, 16),
    "cpu-upgrade": Flavor("CPU Upgrade", 8, 32, 0.03),
    "zero-a10g": Flavor("ZeroGPU", 8, 62, 0, ("Nvidia A10G", 1, 24)),
    "t4-small": Flavor("Nvidia T4 - small", 4, 15, 0.40, ("Nvidia T4", 1, 16)),
    "t4-medium": Flavor("Nvidia T4 - medium", 8, 30, 0.60, ("Nvidia T4", 1, 16)),
    "l4x1": Flavor("1x Nvidia L4", 8, 30, 0.80, ("Nvidia L4", 1, 24)),
    "l4x4": Flavor("4x Nvidia L4", 48, 186, 3.80, ("Nvidia L4", 4, 24)),
    "l40sx1": Flavor("1x Nvidia L40S", 8, 62, 1.80, ("Nvidia L40S", 1, 48)),
    "l40sx4": Flavor("4x Nvidia L40S", 48, 382, 8.30, ("Nvidia L40S", 4, 48)),
    "l40sx8": Flavor("8x Nvidia L40S", 192, 1534, 23.50, ("Nvidia L40S", 8, 48)),
    "a10g-small": Flavor("Nvidia A10G - small", 4, 15, 1.00, ("Nvidia A10G", 1, 24)),
    "a10g-large": Flavor("Nvidia A10G - large", 12, 46, 1.50, ("Nvidia A10G", 1, 24)),
    "a10g-largex2": Flavor("2x Nvidia A10G - large", 24, 92, 3.00, ("Nvidia A10G", 2, 24)),
    "a10g-largex4": Flavor("4x Nvidia A10G - large", 48, 184, 5.00, ("Nvidia A10G", 4, 24)),
    "a100-large": Flavor("Nvidia A100 - large", 12, 142, 2.50, ("Nvidia A100", 1, 80)),
    "a100x4": Flavor("4x Nvidia A100", 48, 568, 10.00, ("Nvidia A100", 4, 80)),
    "a100x8": Flavor("8x Nvidia A100", 96, 1136, 20.00, ("Nvidia A100", 8, 80)),
    "rtx-pro-6000": Flavor("1x RTX Pro 6000", 12, 46, 2.75, ("RTX Pro 6000", 1, 96)),
    "rtx-pro-6000x2": Flavor("2x RTX Pro 6000", 24, 92, 5.50, ("RTX Pro 6000", 2, 96)),
    "rtx-pro-6000x4": Flavor("4x RTX Pro 6000", 48, 184, 11.00, ("RTX Pro 6000", 4, 96)),
    "rtx-pro-6000x8": Flavor("8x RTX Pro 6000", 96, 368, 22.00, ("RTX Pro 6000", 8, 96)),
}
FREE = {name for name, flavor in FLAVORS.items() if not flavor.price}
JOB_FLAVORS = {name: flavor for name, flavor in FLAVORS.items() if name != "zero-a10g"} | {
    # Free for Spaces, but not for jobs.
    "cpu-basic": Flavor("CPU Basic", 2, 16, 0.01),
    "cpu-performance": Flavor("CPU Performance", 32, 256, 1.90),
    "cpu-xl": Flavor("CPU XL", 16, 124, 1.00),
    "h200": Flavor("Nvidia H200", 23, 256, 5.00, ("Nvidia H200", 1, 141)),
    "h200x2": Flavor("2x Nvidia H200", 46, 512, 10.00, ("Nvidia H200", 2, 141)),
    "h200x4": Flavor("4x Nvidia H200", 92, 1024, 20.00, ("Nvidia H200", 4, 141)),
    "h200x8": Flavor("8x Nvidia H200", 184, 2048, 40.00, ("Nvidia H200", 8, 141)),
}


def problem(flavor: str, sdk: str) -> str | None:
    """Why a Space of this SDK cannot have it, or None."""
    return "ZeroGPU is for Gradio Spaces only" if flavor == "zero-a10g" and sdk != "gradio" else None


def listing() -> list[dict[str, Any]]:
    return [_shown(name, flavor) for name, flavor in FLAVORS.items()]


def job_listing() -> list[dict[str, Any]]:
    return [_shown(name, flavor) | {"ephemeralStorage": "50 GB"} for name, flavor in JOB_FLAVORS.items()]


def _shown(name: str, flavor: Flavor) -> dict[str, Any]:
    per_minute = flavor.price / 60
    shown: dict[str, Any] = {
        "name": name,
        "prettyName": flavor.title,
        "cpu": f"{flavor.cpus} vCPU",
        "ram": f"{flavor.ram} GB",
        "accelerator": None,
        "unitCostMicroUSD": round(per_minute * 1_000_000),
        "unitCostUSD": round(per_minute, 6),
        "unitLabel": "minute",
    }
    if flavor.accelerator:
        model, quantity, vram = flavor.accelerator
        shown["accelerator"] = {
            "type": "gpu",
            "model": model.removeprefix("Nvidia "),
            "quantity": str(quantity),
            "vram": f"{vram} GB",
            "manufacturer": "Nvidia",
        }
    return shown
