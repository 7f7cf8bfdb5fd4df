"""What an app finds in its environment, as on the Hub."""

from localhub import hardware
from localhub.spaces.model import Space


def of(space: Space, host: str) -> dict[str, str]:
    """The Space's own facts, its variables and its secrets."""
    flavor = hardware.FLAVORS.get(space.hardware, hardware.FLAVORS["cpu-basic"])
    facts = {
        "SPACE_ID": space.repo_id,
        "SPACE_HOST": host,
        "SPACE_AUTHOR_NAME": space.owner,
        "SPACE_REPO_NAME": space.name,
        "SPACE_TITLE": str(space.card.get("title", space.name)),
        "SPACE_CREATOR_USER_ID": space.creator,
        "ACCELERATOR": "none" if flavor.accelerator is None else space.hardware,
        "CPU_CORES": str(flavor.cpus),
        "MEMORY": f"{flavor.ram}Gi",
    }
    return facts | values(space.variables) | values(space.secrets)


def values(entries: dict[str, dict[str, object]]) -> dict[str, str]:
    return {key: str(entry["value"]) for key, entry in entries.items()}
