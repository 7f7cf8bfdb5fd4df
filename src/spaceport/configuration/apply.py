"""Bringing everything that is staged to the Hub together, at the cost of one restart.

A single change restarts the app by itself. For several, a Space that is up is paused first and started again after the
last one. Every value is opened before anything is touched; all that was done may be done again.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from sqlmodel import Session

from spaceport import clock
from spaceport.configuration import applications, look, queries, versions, volumes
from spaceport.configuration.model import Application, Kind, Version
from spaceport.db.database import Database
from spaceport.errors import SpaceportError
from spaceport.events.record import record
from spaceport.hub import Entry, Hub, HubFailure
from spaceport.hub.model import BUILDING_STAGES, STARTING_STAGES
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Sdk, Space

# Stages in which every single change would make the Hub start the app once more.
_UP = BUILDING_STAGES | STARTING_STAGES | {"RUNNING", "BUILD_ERROR", "RUNTIME_ERROR"}
# Refusals that every other change would meet as well.
_HOPELESS = frozenset({401, 402, 403, 404})


@dataclass(frozen=True)
class Refused:
    version: Version
    failure: HubFailure


@dataclass
class Outcome:
    """`failure`: everything was sent, but the Hub refused to start the Space again."""

    applied: list[Version] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    failure: HubFailure | None = None


@dataclass(frozen=True)
class _Change:
    version: Version
    value: str = field(repr=False)


def run(instance: Instance, hub: Hub, space: Space, application: Application) -> Outcome:
    """Blocks for as long as the Hub takes. What the Hub refuses stays staged, with its sentence.

    Raises HubFailure, and what opening a value raises. The application is closed then if the Space was not touched
    or the failure is final; else it stays open, and the reconciler goes on with it.
    """
    try:
        outcome = _Run(instance, hub, space, application).carry_out()
    except SpaceportError as error:
        if error.code != applications.TAKEN_OVER:
            _stop(instance.database, application, error)
        raise
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


def _stop(database: Database, application: Application, error: SpaceportError) -> None:
    final = isinstance(error, HubFailure) and not error.transient
    with database.unit_of_work() as session:
        if (application.touched or application.restart) and not final:
            applications.leave(session, application, error.message)
        else:
            applications.finish(session, application, error.message)


class _Run:
    def __init__(self, instance: Instance, hub: Hub, space: Space, application: Application) -> None:
        self._database = instance.database
        self._sealer = instance.sealer
        self._hub = hub
        self._space = space
        self._application = application
        self._variables: Mapping[str, Entry] | None = None

    def carry_out(self) -> Outcome:
        with self._database.unit_of_work() as session:
            kinds = sorted({version.kind for version in queries.staged(session, self._space.id)})
        if not self._application.touched:
            self._look(kinds)
        changes = self._changes()
        paused = self._pause(len(changes))
        outcome = self._send(changes)
        if paused:
            outcome.failure = self._start_again()
        seen = {kind: self._seen(kind) for kind in kinds}
        with self._database.unit_of_work() as session:
            self._settle(session, outcome, seen)
        return outcome

    def _changes(self) -> list[_Change]:
        """Deletions first: a name may change from a variable to a secret."""
        with self._database.unit_of_work() as session:
            staged = queries.staged(session, self._space.id)
        ordered = sorted(staged, key=lambda version: (not version.deleted, version.kind, version.key))
        return [
            _Change(version, "" if version.deleted else versions.value_of(version, self._sealer)) for version in ordered
        ]

    def _look(self, kinds: Iterable[Kind]) -> None:
        """What somebody else did there must not be overwritten unnoticed."""
        found = {kind: look.ask(self._hub, self._space, kind) for kind in kinds}
        with self._database.unit_of_work() as session:
            spaces.lock(session, self._space.id)
            for kind, entries in found.items():
                look.conclude(session, self._space, kind, entries)

    def _pause(self, count: int) -> bool:
        """Whether the Space is paused by us now, and has to be started again."""
        if self._space.sdk is Sdk.STATIC or (count < 2 and not self._application.restart):
            return False
        stage = self._hub.runtime(self._space.repo_id).stage
        if stage not in _UP or count < 2:
            # An earlier run may have paused it and died.
            return self._application.restart and stage == "PAUSED"
        applications.mark(self._database, self._application, restart=True)
        self._hub.pause(self._space.repo_id)
        return True

    def _send(self, changes: list[_Change]) -> Outcome:
        outcome = Outcome()
        for change in changes:
            applications.mark(self._database, self._application, touched=True)
            try:
                self._send_one(change)
            except HubFailure as failure:
                if failure.transient:
                    raise
                outcome.refused.append(Refused(change.version, failure))
                if failure.status in _HOPELESS:
                    break
            else:
                outcome.applied.append(change.version)
        return outcome

    def _send_one(self, change: _Change) -> None:
        version, calls, repo_id = change.version, self._hub.configuration, self._space.repo_id
        match version.kind, version.deleted:
            case Kind.SECRET, True:
                calls.delete_secret(repo_id, version.key)
            case Kind.SECRET, False:
                calls.set_secret(repo_id, version.key, change.value, version.description)
            case Kind.VOLUMES, True:
                calls.delete_volumes(repo_id)
            case Kind.VOLUMES, False:
                calls.set_volumes(repo_id, volumes.kept(version))
            case _, True:
                self._variables = calls.delete_variable(repo_id, version.key)
            case _:
                self._variables = calls.set_variable(repo_id, version.key, change.value, version.description)

    def _start_again(self) -> HubFailure | None:
        applications.mark(self._database, self._application)
        try:
            self._hub.restart(self._space.repo_id)
        except HubFailure as failure:
            if failure.transient:
                raise
            return failure
        return None

    def _seen(self, kind: Kind) -> Mapping[str, Entry]:
        """For the Hub's times of what we wrote. Without them the next look learns them."""
        if kind is Kind.VARIABLE and self._variables is not None:
            return self._variables
        if kind is Kind.VOLUMES:
            return {}
        with suppress(HubFailure):
            return look.ask(self._hub, self._space, kind)
        return {}

    def _settle(self, session: Session, outcome: Outcome, seen: Mapping[Kind, Mapping[str, Entry]]) -> None:
        applications.finish(session, self._application, outcome.failure.message if outcome.failure else None)
        for sent in outcome.applied:
            version = session.get_one(Version, sent.id)
            entry = seen[version.kind].get(version.key)
            version.applied_at, version.refusal = clock.now(), None
            version.hub_updated_at = entry.updated_at if entry else None
            session.add(version)
            if version.kind is Kind.VOLUMES:
                session.get_one(Space, self._space.id).volumes = volumes.kept(version)
        for refused in outcome.refused:
            version = session.get_one(Version, refused.version.id)
            version.refusal = refused.failure.message
            session.add(version)
        self._record(session, outcome)

    def _record(self, session: Session, outcome: Outcome) -> None:
        record(
            session,
            "configuration.applied",
            team_id=self._space.team_id,
            actor=self._application.asked_by,
            space_id=self._space.id,
            deployment_id=self._application.deployment_id,
            space=self._space.repo_id,
            applied=[_named(version) for version in outcome.applied],
            refused=[_named(refused.version) | {"reason": refused.failure.message} for refused in outcome.refused],
            paused=self._application.restart,
        )


def _named(version: Version) -> dict[str, str | int]:
    return {"kind": version.kind, "key": version.key, "version": version.version}
