"""Taking over what a Space has already: its variables and volumes, and the keys of its secrets alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from spaceport.configuration import look, volumes
from spaceport.configuration.model import Kind
from spaceport.hub import Entry, Head, Hub
from spaceport.spaces.model import Space


@dataclass(frozen=True)
class Present:
    entries: Mapping[Kind, Mapping[str, Entry]]


def ask(hub: Hub, repo_id: str) -> Present:
    """Two calls. Raises HubFailure."""
    calls = hub.configuration
    return Present({Kind.SECRET: calls.secrets(repo_id), Kind.VARIABLE: calls.variables(repo_id)})


def take_over(session: Session, space: Space, head: Head, present: Present) -> None:
    mounted = volumes.entries(head.runtime.raw.get("volumes") or []) if head.runtime else {}
    look.conclude(session, space, Kind.VOLUMES, mounted)
    for kind, entries in present.entries.items():
        look.conclude(session, space, kind, entries)
