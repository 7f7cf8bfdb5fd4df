"""Setting, deleting and restoring secrets, variables and volumes: staged first; `apply` brings it to the Hub.

Each call works inside the caller's transaction, and the caller has locked the space (`spaces.queries.lock`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.configuration import applications, queries, versions, volumes
from spaceport.configuration.inputs import SecretEntry, VariableEntry
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.errors import Conflict
from spaceport.sealing import Sealer
from spaceport.spaces.model import Space


@dataclass(frozen=True)
class Setting:
    """A key with the value that it is to have. Without a description the present one stays."""

    key: str
    value: str = field(repr=False)
    description: str | None = None


@dataclass(frozen=True)
class Staging:
    """What a request asked for, and those of them that it made: a version that was there already is not its own."""

    versions: list[Version]
    made: list[Version]


def settings(entries: Iterable[SecretEntry | VariableEntry]) -> list[Setting]:
    return [
        Setting(
            entry.key,
            entry.value.get_secret_value() if isinstance(entry, SecretEntry) else entry.value,
            entry.description,
        )
        for entry in entries
    ]


def put(
    session: Session, sealer: Sealer, caller: Caller, space: Space, kind: Kind, wanted: Sequence[Setting]
) -> Staging:
    """Stage a new version of each key; one that would be the same as the newest is not made.

    Raises Conflict `key_taken`, and whatever opening the present value with a wrong key raises.
    """
    newest = queries.newest(session, space.id)
    done = Staging([], [])
    for setting in wanted:
        _refuse_taken(newest, kind, setting.key)
        before = newest.get((kind, setting.key))
        if before is not None and _same(before, setting, sealer):
            done.versions.append(before)
            continue
        version = _next(session, space, kind, setting.key, caller)
        kept = before.description if before is not None and not before.deleted else None
        version.description = kept if setting.description is None else setting.description
        versions.give(version, sealer, setting.value)
        _add(session, caller, done, space, version, "set")
    return done


def put_volumes(session: Session, caller: Caller, space: Space, wanted: Sequence[Volume]) -> Staging:
    """Stage a new list, [] to mount nothing. One that is as it was is staged as well: that puts right what differs."""
    version = _next(session, space, Kind.VOLUMES, volumes.KEY, caller)
    version.deleted = not wanted
    version.value = volumes.text(wanted) if wanted else None
    done = Staging([], [])
    _add(session, caller, done, space, version, "set" if wanted else "deleted", volumes=volumes.kept(version))
    return done


def delete(session: Session, caller: Caller, space: Space, kind: Kind, key: str) -> Staging:
    """Stage the deletion of a key. Raises NotFound for one that is not there."""
    before = queries.newest(session, space.id).get((kind, key))
    if before is None or (before.deleted and not before.staged):
        raise queries.missing(kind, key)
    done = Staging([], [])
    if before.deleted:
        done.versions.append(before)
        return done
    version = _next(session, space, kind, key, caller)
    version.deleted = True
    _add(session, caller, done, space, version, "deleted")
    return done


def restore(
    session: Session, sealer: Sealer, caller: Caller, space: Space, kind: Kind, *, key: str, number: int
) -> Staging:
    """Stage the value of an earlier version as a new one. Raises NotFound, Conflict `key_taken` or `value_unknown`."""
    past = queries.versions(session, space.id, kind, key)
    chosen = next((version for version in past if version.version == number), None)
    if chosen is None:
        raise queries.missing(kind, f"{key} in version {number}")
    if chosen.deleted or not chosen.known:
        why = "was a deletion" if chosen.deleted else "was set on the Hub itself, so its value is not known here"
        raise Conflict(
            f"Version {number} of {key} {why}.",
            code="value_unknown",
            fix="Restore another version, or set a value.",
        )
    _refuse_taken(queries.newest(session, space.id), kind, key)
    version = _next(session, space, kind, key, caller)
    version.description = chosen.description
    versions.give(version, sealer, versions.value_of(chosen, sealer))
    done = Staging([], [])
    _add(session, caller, done, space, version, "restored", restored=number)
    return done


def discard(session: Session, caller: Caller, space: Space, kind: Kind | None = None, key: str | None = None) -> int:
    """Take back what is staged, all of it or one key; returns how many changes. What is on the Hub stays as it is.

    Raises Unavailable `configuration_busy` while it is being applied.
    """
    applications.require_none(session, space)
    chosen = [
        version
        for version in queries.staged(session, space.id)
        if kind in (None, version.kind) and key in (None, version.key)
    ]
    for version in chosen:
        for each in queries.versions(session, space.id, version.kind, version.key):
            # Those that it overtook before they reached the Hub must not come back.
            if each.applied_at is None:
                each.discarded = True
                session.add(each)
        versions.note(session, space, version, "discarded", actor=caller.user_id)
    return len(chosen)


def take_back(session: Session, caller: Caller, space: Space, own: Sequence[Version]) -> None:
    """Undo the staging of these versions; what they overtook is wanted again."""
    for version in own:
        row = session.get_one(Version, version.id)
        if row.applied_at is None:
            row.discarded = True
            session.add(row)
            versions.note(session, space, row, "discarded", actor=caller.user_id)


def _same(before: Version, wanted: Setting, sealer: Sealer) -> bool:
    """Setting again what somebody else set on the Hub is a change: it is ours from then on. So is another try."""
    if before.deleted or not before.known or before.set_by is None or before.refusal is not None:
        return False
    if wanted.description not in (None, before.description):
        return False
    return versions.value_of(before, sealer) == wanted.value


def _next(session: Session, space: Space, kind: Kind, key: str, caller: Caller) -> Version:
    number = versions.next_number(session, space, kind, key)
    return Version(
        space_id=space.id, kind=kind, key=key, version=number, set_by=caller.user_id, set_by_name=caller.name
    )


def _refuse_taken(newest: dict[tuple[Kind, str], Version], kind: Kind, key: str) -> None:
    other = newest.get((kind.other, key)) if kind.other else None
    if other is not None and not other.deleted:
        raise Conflict(
            f"{key} is a {kind.other} of this space, and the Hub starts no Space with a {kind} of the same name.",
            code="key_taken",
            fix=f"Delete the {kind.other} first, or choose another name.",
        )


def _add(
    session: Session, caller: Caller, done: Staging, space: Space, version: Version, what: str, **facts: Any
) -> None:
    session.add(version)
    session.flush()
    done.versions.append(version)
    done.made.append(version)
    versions.note(session, space, version, what, actor=caller.user_id, **facts)
