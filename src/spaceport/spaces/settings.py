"""A Space's hardware, sleep time, replicas and dev mode: the Hub decides, and what it accepted is written down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ConfigDict
from sqlmodel import Field, Session, SQLModel

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.errors import Invalid
from spaceport.events.record import record
from spaceport.hub import Hub, HubFailure, Runtime
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime import observations
from spaceport.runtime.model import Observation
from spaceport.spaces import drift, queries
from spaceport.spaces.model import LONGEST_SLEEP_TIME, Hardware, Space


class SettingsUpdate(SQLModel):
    """Only what is given changes; the Hub starts the app again for most of it."""

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    hardware: Hardware | None = Field(None, schema_extra={"examples": ["t4-small"]})
    sleep_time: int | None = Field(
        None, ge=-1, le=LONGEST_SLEEP_TIME, description="Seconds idle before sleep; -1 never. Paid hardware only."
    )
    replicas: int | None = Field(None, ge=1, le=1000, description="How many run at once. Paid hardware only.")
    dev_mode: bool | None = Field(None, description="A container one can log into, which a push does not replace.")


class SettingsPublic(SQLModel):
    """What was set here, and where nothing was, what the Hub was last seen to have; null where nobody knows."""

    hardware: str | None
    sleep_time: int | None
    replicas: int | str | None
    dev_mode: bool | None


@dataclass(frozen=True)
class Change:
    """What one call to the Hub changes."""

    values: dict[str, Any]
    send: Callable[[Hub, str], Runtime]


def update(instance: Instance, caller: Caller, owner: str, name: str, wanted: SettingsUpdate) -> SettingsPublic:
    """Change what is given and leave the rest; no transaction is open while the Hub is called.

    Raises Invalid `nothing_given`, and HubFailure with the fact `applied`: what the Hub had already accepted.
    """
    with instance.database.unit_of_work() as session:
        space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    applied: list[str] = []
    for change in changes(wanted):
        asked_at = clock.now()
        try:
            runtime = change.send(hub, space.repo_id)
        except HubFailure as failure:
            failure.facts["applied"] = applied
            raise
        # At once: a refusal of the next one takes nothing of this one back.
        with instance.database.unit_of_work() as session:
            space = queries.get(session, caller, owner, name, needs=Role.ADMIN)
            keep(session, caller, space, change, runtime, asked_at)
        applied += change.values
    with instance.database.unit_of_work() as session:
        return public(session, space)


def changes(wanted: SettingsUpdate) -> list[Change]:
    """In as few calls as the Hub has. Raises Invalid `nothing_given`.

    What is given is sent even where it is what we believe to be so: that is how drift is put right.
    """
    found = list(_changes(wanted))
    if not found:
        raise Invalid(
            "Nothing to change was given.",
            code="nothing_given",
            fix="Send at least one of hardware, sleep_time, replicas and dev_mode.",
        )
    return found


def _changes(wanted: SettingsUpdate) -> Iterator[Change]:
    hardware, sleep_time, replicas, dev_mode = wanted.hardware, wanted.sleep_time, wanted.replicas, wanted.dev_mode
    if hardware is not None:
        together = {"hardware": hardware} | ({} if sleep_time is None else {"sleep_time": sleep_time})
        yield Change(together, lambda hub, repo_id: hub.set_hardware(repo_id, hardware, sleep_time))
    elif sleep_time is not None:
        yield Change({"sleep_time": sleep_time}, lambda hub, repo_id: hub.set_sleep_time(repo_id, sleep_time))
    if replicas is not None:
        yield Change({"replicas": replicas}, lambda hub, repo_id: hub.set_replicas(repo_id, replicas))
    if dev_mode is not None:
        yield Change({"dev_mode": dev_mode}, lambda hub, repo_id: hub.set_dev_mode(repo_id, enabled=dev_mode))


def keep(session: Session, caller: Caller, space: Space, change: Change, runtime: Runtime, asked_at: datetime) -> None:
    """Write what the Hub accepted, with the condition it answered."""
    before = {name: getattr(space, name) for name in change.values}
    for name, value in change.values.items():
        setattr(space, name, value)
    if change.values.get("hardware") in drift.FREE_HARDWARE:
        space.sleep_time = None
    space.updated_at = clock.now()
    session.add(space)
    drift.resolve(session, space, change.values.keys())
    observations.keep(session, space.id, runtime, asked_at)
    record(
        session,
        "space.settings_changed",
        team_id=space.team_id,
        actor=caller.user_id,
        space_id=space.id,
        space=space.repo_id,
        changed=change.values,
        before=before,
    )


def public(session: Session, space: Space) -> SettingsPublic:
    seen = session.get(Observation, space.id)
    observed: dict[str, Any] = {}
    if seen is not None:
        observed = {
            "hardware": seen.requested_hardware,
            "sleep_time": seen.sleep_time,
            "replicas": seen.replicas.get("requested"),
            "dev_mode": seen.dev_mode,
        }
    names = SettingsPublic.model_fields
    return SettingsPublic(**{name: _first(getattr(space, name), observed.get(name)) for name in names})


def _first(ours: Any, theirs: Any) -> Any:
    return theirs if ours is None else ours
