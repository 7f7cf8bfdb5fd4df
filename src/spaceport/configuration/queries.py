"""Reading what is wanted of a space's configuration, what is applied and what is staged."""

from typing import Any

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, select

from spaceport.configuration.inputs import (
    SecretPublic,
    SecretVersionPublic,
    SetBy,
    StagedChange,
    VariablePublic,
    VariableVersionPublic,
)
from spaceport.configuration.model import Kind, Version
from spaceport.errors import NotFound
from spaceport.spaces.drift import Difference


def newest(session: Session, space_id: str) -> dict[tuple[Kind, str], Version]:
    """What is wanted: the newest version of every key, deletions among them."""
    return _newest(session, space_id, applied=False)


def applied(session: Session, space_id: str) -> dict[tuple[Kind, str], Version]:
    """What is on the Hub as far as we know: the newest version of every key that reached it, deletions among them."""
    return _newest(session, space_id, applied=True)


def staged(session: Session, space_id: str) -> list[Version]:
    return [version for version in newest(session, space_id).values() if version.staged]


def present(session: Session, space_id: str, kind: Kind) -> list[Version]:
    """What a list shows: every key but those whose deletion has reached the Hub."""
    found = [version for (of, _), version in sorted(newest(session, space_id).items()) if of is kind]
    return [version for version in found if version.staged or not version.deleted]


def get(session: Session, space_id: str, kind: Kind, key: str) -> Version:
    """As a list shows it. Raises NotFound `secret_not_found` or `variable_not_found`."""
    for version in present(session, space_id, kind):
        if version.key == key:
            return version
    raise missing(kind, key)


def versions(session: Session, space_id: str, kind: Kind, key: str) -> list[Version]:
    """Newest first. Raises NotFound `secret_not_found` or `variable_not_found`."""
    statement = select(Version).where(Version.space_id == space_id, Version.kind == kind, Version.key == key)
    if found := list(session.exec(statement.order_by(col(Version.version).desc()))):
        return found
    raise missing(kind, key)


def missing(kind: Kind, key: str) -> NotFound:
    return NotFound(
        f"The space has no {kind} {key} here.",
        code=f"{kind}_not_found",
        fix=f"List them with GET …/{kind}s?fresh=true, which also finds what was set on the Hub itself.",
    )


def snapshot(session: Session, space_id: str) -> dict[str, dict[str, int]]:
    """Keys and versions of secrets and variables that are on the Hub, for a release. No values."""
    found: dict[str, dict[str, int]] = {"secrets": {}, "variables": {}}
    for (kind, key), version in sorted(applied(session, space_id).items()):
        if kind is not Kind.VOLUMES and not version.deleted:
            found[f"{kind}s"][key] = version.version
    return found


def differences(session: Session, space_id: str) -> list[Difference]:
    """What was set here, and was changed on the Hub by somebody else since."""
    set_here = select(Version.kind, Version.key).where(
        Version.space_id == space_id, col(Version.set_by).is_not(None), col(Version.applied_at).is_not(None)
    )
    ours = set(session.exec(set_here))
    found = []
    for (kind, key), version in sorted(newest(session, space_id).items()):
        if version.set_by is None and (kind, key) in ours:
            observed = "deleted on the Hub" if version.deleted else "set on the Hub"
            field = str(kind) if kind is Kind.VOLUMES else f"{kind}:{key}"
            found.append(Difference(field=field, expected="set here", observed=observed))
    return found


def secret(version: Version) -> SecretPublic:
    return SecretPublic(**_facts(version))


def variable(version: Version) -> VariablePublic:
    return VariablePublic(**_facts(version), value=version.value)


def secret_history(found: list[Version]) -> list[SecretVersionPublic]:
    return [SecretVersionPublic(**facts) for _, facts in _history(found)]


def variable_history(found: list[Version]) -> list[VariableVersionPublic]:
    return [VariableVersionPublic(**facts, value=version.value) for version, facts in _history(found)]


def change(version: Version) -> StagedChange:
    facts = _facts(version)
    action = "delete" if version.deleted else "set"
    return StagedChange(kind=version.kind, action=action, **{name: facts[name] for name in _OF_A_CHANGE})


_OF_A_CHANGE = ("key", "version", "set_by", "set_at", "refusal")


def _newest(session: Session, space_id: str, *, applied: bool) -> dict[tuple[Kind, str], Version]:
    statement = select(Version).where(Version.space_id == space_id, col(Version.discarded).is_(False))
    if applied:
        statement = statement.where(col(Version.applied_at).is_not(None))
    one_each = statement.ext(distinct_on(col(Version.kind), col(Version.key)))
    ordered = one_each.order_by(col(Version.kind), col(Version.key), col(Version.version).desc())
    return {(version.kind, version.key): version for version in session.exec(ordered)}


def _facts(version: Version) -> dict[str, Any]:
    set_by = SetBy(id=version.set_by, name=version.set_by_name) if version.set_by else None
    shown = version.model_dump(include={"key", "description", "version", "deleted", "set_at", "applied_at", "refusal"})
    return {**shown, "staged": version.staged, "managed": version.set_by is not None, "set_by": set_by}


def _history(found: list[Version]) -> list[tuple[Version, dict[str, Any]]]:
    """Of one key, newest first. Only the newest can be staged: the others were overtaken."""
    wanted = next((version for version in found if not version.discarded), None)
    return [
        (
            version,
            _facts(version)
            | {
                "staged": version is wanted and version.staged,
                "discarded": version.discarded,
                "restorable": version.known and not version.deleted,
            },
        )
        for version in found
    ]
