"""Keeping what the Hub says of a space's configuration: what others did there becomes a version of its own."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session, col, or_, select

from spaceport import clock
from spaceport.configuration import compare, queries, versions, volumes
from spaceport.configuration.compare import Finding
from spaceport.configuration.model import Application, Kind, Version
from spaceport.hub import Entry, Hub
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space


def now(instance: Instance, space: Space, kinds: Iterable[Kind]) -> None:
    """Ask the Hub, with one call for each kind, and keep what it says. Raises HubFailure."""
    with instance.database.unit_of_work() as session:
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    asked_at = clock.now()
    found = {kind: ask(hub, space, kind) for kind in kinds}
    with instance.database.unit_of_work() as session:
        space = spaces.lock(session, space.id)
        for kind, entries in found.items():
            keep(session, space, kind, entries, asked_at)


def ask(hub: Hub, space: Space, kind: Kind) -> Mapping[str, Entry]:
    """One call. Raises HubFailure."""
    match kind:
        case Kind.SECRET:
            return hub.configuration.secrets(space.repo_id)
        case Kind.VARIABLE:
            return hub.configuration.variables(space.repo_id)
        case Kind.VOLUMES:
            return volumes.entries(volumes.on_hub(hub, space))


def keep(session: Session, space: Space, kind: Kind, entries: Mapping[str, Entry], asked_at: datetime) -> None:
    """Write down what was there when the Hub was asked. The caller has locked the space.

    Nothing is concluded while we are changing things ourselves: the answer may be older than what we wrote.
    """
    changing = select(Application.id).where(
        Application.space_id == space.id,
        or_(col(Application.finished_at).is_(None), col(Application.finished_at) > asked_at),
    )
    if session.exec(changing).first() is None:
        conclude(session, space, kind, entries)


def conclude(session: Session, space: Space, kind: Kind, entries: Mapping[str, Entry]) -> None:
    """Every change by somebody else becomes a version without an author, before one that is staged, and an event."""
    applied = {key: version for (of, key), version in queries.applied(session, space.id).items() if of is kind}
    newest = queries.newest(session, space.id)
    found = compare.findings(kind, applied, entries)
    for finding in found:
        _add(session, space, kind, finding, newest.get((kind, finding.key)))
    for key in entries.keys() & applied.keys() - {finding.key for finding in found}:
        # A time that was not learned when we wrote it, or that of a variable set again to what it was.
        applied[key].hub_updated_at = entries[key].updated_at or applied[key].hub_updated_at
        session.add(applied[key])


def _add(session: Session, space: Space, kind: Kind, finding: Finding, newest: Version | None) -> None:
    number = versions.next_number(session, space, kind, finding.key)
    if newest is not None and newest.staged:
        # It was there first; what is staged comes after it when it is applied.
        number, newest.version = newest.version, number
        session.add(newest)
        session.flush()
    entry = finding.entry
    version = Version(
        space_id=space.id,
        kind=kind,
        key=finding.key,
        version=number,
        value=entry.value if entry else None,
        description=entry.description if entry else None,
        deleted=entry is None,
        applied_at=clock.now(),
        hub_updated_at=entry.updated_at if entry else None,
    )
    session.add(version)
    session.flush()
    if kind is Kind.VOLUMES:
        space.volumes = volumes.kept(version)
        session.add(space)
    versions.note(session, space, version, finding.found, actor="hub")
