"""What the Hub holds against what we last brought there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spaceport.configuration import volumes
from spaceport.configuration.model import Kind, Version
from spaceport.hub import Entry


class Found(StrEnum):
    """What somebody else did on the Hub, as an event says it: `secret.found_on_hub`, `variable.changed_on_hub` …"""

    NEW = "found_on_hub"
    CHANGED = "changed_on_hub"
    DELETED = "deleted_on_hub"


@dataclass(frozen=True)
class Finding:
    found: Found
    key: str
    # What the Hub has; None for a deletion.
    entry: Entry | None


def findings(kind: Kind, applied: Mapping[str, Version], entries: Mapping[str, Entry]) -> list[Finding]:
    """`applied` holds the newest version of each key that reached the Hub, deletions among them."""
    ours = {key: version for key, version in applied.items() if not version.deleted}
    gone = [Finding(Found.DELETED, key, None) for key in ours if key not in entries]
    there = []
    for key, entry in entries.items():
        if key not in ours:
            there.append(Finding(Found.NEW, key, entry))
        elif _changed(kind, ours[key], entry):
            there.append(Finding(Found.CHANGED, key, entry))
    return there + gone


def _changed(kind: Kind, ours: Version, entry: Entry) -> bool:
    """By the Hub's time of the change; what tells its value is the same with the same one."""
    if kind is Kind.VOLUMES:
        return not volumes.same(ours.value, entry.value)
    if kind is Kind.VARIABLE:
        return ours.value != entry.value
    if ours.hub_updated_at is None or entry.updated_at is None:
        return False
    return ours.hub_updated_at != entry.updated_at
