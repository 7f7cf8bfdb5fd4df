"""One version of a secret, a variable or the volumes: its number, its value, and the event that tells of it."""

from typing import Any

from sqlmodel import Session, func, select

from spaceport.configuration.model import Kind, Version
from spaceport.events.record import record
from spaceport.sealing import Sealer
from spaceport.spaces.model import Space


def context(version_id: str) -> str:
    """What a sealed value is bound to."""
    return f"configuration:{version_id}"


def value_of(version: Version, sealer: Sealer) -> str:
    """Of a version that is `known`. Raises what opening it raises."""
    if version.kind is not Kind.SECRET:
        assert version.value is not None
        return version.value
    assert version.sealed_value is not None
    return sealer.open(version.sealed_value, context=context(version.id))


def give(version: Version, sealer: Sealer, value: str) -> None:
    if version.kind is Kind.SECRET:
        version.sealed_value = sealer.seal(value, context=context(version.id))
    else:
        version.value = value


def next_number(session: Session, space: Space, kind: Kind, key: str) -> int:
    """The caller has locked the space."""
    highest = select(func.max(Version.version)).where(
        Version.space_id == space.id, Version.kind == kind, Version.key == key
    )
    return (session.exec(highest).one() or 0) + 1


def note(session: Session, space: Space, version: Version, what: str, *, actor: str, **facts: Any) -> None:
    """Such as `secret.set`. Never with the value."""
    record(
        session,
        f"{version.kind}.{what}",
        team_id=space.team_id,
        actor=actor,
        space_id=space.id,
        space=space.repo_id,
        key=version.key,
        version=version.version,
        **facts,
    )
