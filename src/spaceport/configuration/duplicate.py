"""Copying a Space. The Hub copies files and variables; secrets come from our sealed store, for it never tells them."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.configuration import look, queries, versions
from spaceport.configuration.adoption import Present
from spaceport.configuration.model import Kind, Version
from spaceport.errors import Conflict
from spaceport.events.record import record
from spaceport.hub import Entry, Hub, HubFailure, NewCopy
from spaceport.sealing import Sealer
from spaceport.spaces.model import (
    LONGEST_SLEEP_TIME,
    Hardware,
    HubName,
    SourceInput,
    Space,
    SpaceCreate,
    SpacePublic,
    Visibility,
)
from spaceport.spaces.release_jobs import Phase


class DuplicateInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: HubName = Field(examples=["acme"])
    name: HubName = Field(examples=["demo-staging"])
    visibility: Visibility = Visibility.PRIVATE
    hardware: Hardware | None = Field(None, description="The Hub's free one when left out.")
    sleep_time: int | None = Field(None, ge=-1, le=LONGEST_SLEEP_TIME)
    secrets: bool = Field(True, description="Give the copy the secrets, as far as they were set here.")
    volumes: bool = Field(True, description="Mount the same volumes: both then write to the same buckets.")


class Duplicate(BaseModel):
    space: SpacePublic
    missing_secrets: list[str] = Field(
        description="Secrets of the original that the copy lacks: set on the Hub itself, which tells no values."
    )


@dataclass(frozen=True)
class Seeds:
    """What the original has on the Hub now. What is staged stays with it."""

    secrets: tuple[Entry, ...] = field(repr=False)
    variables: tuple[Entry, ...]
    volumes: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]


def described(sealer: Sealer, space: Space, wanted: DuplicateInput) -> SpaceCreate:
    """The copy as a space of its own; it does not deploy by itself before somebody says so."""
    token = space.sealed_source_token
    return SpaceCreate(
        adopt=False,
        auto_deploy=False,
        owner=wanted.owner,
        name=wanted.name,
        hub_account_id=space.hub_account_id,
        sdk=space.sdk,
        visibility=wanted.visibility,
        hardware=wanted.hardware,
        sleep_time=wanted.sleep_time,
        source=SourceInput.model_validate({"source": space.source}).source,
        source_token=sealer.open(token, context=space.source_token_context) if token else None,
        health=space.health_rule,
        budgets=space.time_budgets,
        pre_deploy_job=space.release_job(Phase.PRE_DEPLOY),
        post_deploy_job=space.release_job(Phase.POST_DEPLOY),
    )


def seeds(session: Session, sealer: Sealer, space: Space, wanted: DuplicateInput) -> Seeds:
    """The Hub copies variables in any case. Raises what opening a value raises."""
    kinds = {Kind.SECRET, Kind.VARIABLE} if wanted.secrets else {Kind.VARIABLE}
    present = [version for _, version in sorted(queries.applied(session, space.id).items()) if not version.deleted]
    there = [version for version in present if version.kind in kinds]
    known = {kind: [each for each in there if each.kind is kind and each.known] for kind in Kind}
    entries = {
        kind: tuple(Entry(each.key, versions.value_of(each, sealer), each.description) for each in found)
        for kind, found in known.items()
    }
    missing = tuple(each.key for each in there if each.kind is Kind.SECRET and not each.known)
    return Seeds(entries[Kind.SECRET], entries[Kind.VARIABLE], tuple(space.volumes) if wanted.volumes else (), missing)


def copy(hub: Hub, space: Space, wanted: DuplicateInput, given: Seeds) -> None:
    """Raises HubFailure, Conflict `space_exists_on_hub`."""
    repo_id = f"{wanted.owner}/{wanted.name}"
    new = NewCopy(
        repo_id,
        wanted.visibility,
        wanted.hardware,
        wanted.sleep_time,
        given.secrets,
        given.variables,
        given.volumes,
    )
    try:
        hub.configuration.duplicate(space.repo_id, new)
    except HubFailure as failure:
        if failure.status != 409:
            for entry in given.secrets:
                failure = failure.without(entry.value or "")
            raise failure from None
        raise Conflict(
            f"The Hub already has a Space {repo_id}.",
            code="space_exists_on_hub",
            fix="Choose another name, or manage that one with adopt=true.",
        ) from None


def take_over(
    session: Session, sealer: Sealer, caller: Caller, original: Space, new: Space, *, given: Seeds, present: Present
) -> None:
    """Write down what the copy was given, and what else it has."""
    new.volumes = list(given.volumes)
    session.add(new)
    for kind, entries in ((Kind.SECRET, given.secrets), (Kind.VARIABLE, given.variables)):
        for entry in entries:
            session.add(_first(new, sealer, caller, kind, entry, present))
        session.flush()
        look.conclude(session, new, kind, present.entries[kind])
    record(
        session,
        "space.duplicated",
        team_id=original.team_id,
        actor=caller.user_id,
        space_id=original.id,
        space=original.repo_id,
        copy=new.repo_id,
        missing_secrets=list(given.missing),
    )


def _first(new: Space, sealer: Sealer, caller: Caller, kind: Kind, entry: Entry, present: Present) -> Version:
    seen = present.entries[kind].get(entry.key)
    version = Version(
        space_id=new.id,
        kind=kind,
        key=entry.key,
        version=1,
        description=entry.description,
        set_by=caller.user_id,
        set_by_name=caller.name,
        applied_at=clock.now(),
        hub_updated_at=seen.updated_at if seen else None,
    )
    assert entry.value is not None
    versions.give(version, sealer, entry.value)
    return version
