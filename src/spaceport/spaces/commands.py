"""Adopting, creating, changing and dropping managed spaces: look at the database, ask the Hub, write what it said.

No transaction is open while the Hub is called.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from spaceport import clock
from spaceport.accounts import teams
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.db import faults
from spaceport.errors import Conflict, Invalid
from spaceport.events.record import record
from spaceport.hub import Head, Hub, HubFailure, NewSpace
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubAccount
from spaceport.instance import Instance
from spaceport.spaces.model import OnHub, Sdk, Space, SpaceCreate, SpaceUpdate, Visibility
from spaceport.spaces.release_jobs import ReleaseJobs


@dataclass(frozen=True)
class Admission:
    """A checked request to manage a Space: through which account, and that nobody else manages it."""

    account: HubAccount
    hub: Hub


def admit(session: Session, instance: Instance, caller: Caller, wanted: SpaceCreate) -> Admission:
    """Raises Conflict `space_taken`, and whatever `hub_accounts.choose` raises."""
    check_source(None, wanted)
    account = hub_accounts.choose(session, caller, wanted.hub_account_id, None)
    caller.require(account.team_id, Role.ADMIN)
    require_unmanaged(session, account.endpoint, f"{wanted.owner}/{wanted.name}")
    return Admission(account, hub_accounts.connect(session, instance, account.id))


def require_unmanaged(session: Session, endpoint: str, repo_id: str, *, but: str | None = None) -> None:
    """Raises Conflict `space_taken` when a space, other than the one with the id `but`, has this address."""
    owner, _, name = repo_id.partition("/")
    same = select(Space.id).where(
        Space.endpoint == endpoint,
        func.lower(Space.owner) == owner.lower(),
        func.lower(Space.name) == name.lower(),
        col(Space.deleted_at).is_(None),
        col(Space.id).is_distinct_from(but),
    )
    if session.exec(same).first() is not None:
        raise taken(repo_id)


def settle(admission: Admission, wanted: SpaceCreate) -> Head:
    """Make sure the Space is on the Hub and ours to write. Raises HubFailure, Conflict `space_exists_on_hub`."""
    repo_id = f"{wanted.owner}/{wanted.name}"
    if wanted.adopt:
        admission.hub.check_write(repo_id)
        return admission.hub.head(repo_id)
    try:
        admission.hub.create(
            NewSpace(repo_id, wanted.sdk.on_the_hub, wanted.visibility, wanted.hardware, wanted.sleep_time)
        )
    except HubFailure as failure:
        if failure.status != 409:
            raise
        raise Conflict(
            f"The Hub already has a Space {repo_id}.",
            code="space_exists_on_hub",
            fix="Send adopt=true to manage that one, or choose another name.",
        ) from failure
    return admission.hub.head(repo_id)


def add(
    session: Session, instance: Instance, caller: Caller, wanted: SpaceCreate, admission: Admission, head: Head
) -> Space:
    """Write the row of a space that the Hub has confirmed. Raises Conflict `space_taken` when another was faster.

    And NotFound when the team was deleted meanwhile.
    """
    teams.hold_membership(session, caller, admission.account.team_id)
    # As the Hub calls it: a renamed Space still answers to its old name.
    owner, _, name = head.repo_id.partition("/")
    space = Space(
        team_id=admission.account.team_id,
        hub_account_id=admission.account.id,
        endpoint=admission.account.endpoint,
        owner=owner,
        name=name,
        sdk=Sdk(head.sdk) if wanted.adopt and head.sdk in set(Sdk) else wanted.sdk,
        visibility=_visibility(wanted, head),
        hardware=wanted.hardware or (head.runtime.requested_hardware if head.runtime else None),
        sleep_time=wanted.sleep_time,
        host=head.host,
        health=wanted.health.model_dump(mode="json"),
        budgets=wanted.budgets.model_dump(mode="json"),
        auto_deploy=wanted.auto_deploy,
        **_release_jobs(wanted),
    )
    _set_source(instance, space, wanted)
    write_address(session, space)
    _record(session, "space.adopted" if wanted.adopt else "space.created", space, caller)
    return space


def write_address(session: Session, space: Space) -> None:
    """Raises Conflict `space_taken` when another was faster."""
    address = space.repo_id
    session.add(space)
    try:
        session.flush()
    except DBAPIError as error:
        if faults.constraint(error) == "uq_space_address":
            raise taken(address) from error
        raise


def check_source(present: dict[str, Any] | None, wanted: SpaceCreate | SpaceUpdate) -> None:
    """Before anything is sent to the Hub. Raises Invalid `source_token_without_git`."""
    kind = wanted.source.kind if wanted.source is not None else (present or {}).get("kind")
    if wanted.source_token is not None and kind != "git":
        raise Invalid(
            "source_token belongs to a Git source, and this space has none.",
            code="source_token_without_git",
            fix="Give the Git source together with its token.",
        )


def change(session: Session, instance: Instance, caller: Caller, space: Space, wanted: SpaceUpdate) -> Space:
    """All of it but the address and the visibility, which the Hub decides on."""
    if wanted.auto_deploy is not None:
        space.auto_deploy = wanted.auto_deploy
    if wanted.health is not None:
        space.health = wanted.health.model_dump(mode="json")
    if wanted.budgets is not None:
        space.budgets = wanted.budgets.model_dump(mode="json")
    for name, job in _release_jobs(wanted).items():
        setattr(space, name, job)
    _set_source(instance, space, wanted)
    space.updated_at = clock.now()
    session.add(space)
    _record(session, "space.updated", space, caller, changed=sorted(wanted.model_fields_set - {"visibility"}))
    return space


def drop(session: Session, caller: Caller, space: Space, on_hub: OnHub) -> None:
    """Stop managing a space; its history stays."""
    space.deleted_at = clock.now()
    session.add(space)
    _record(session, "space.deleted", space, caller, on_hub=on_hub)


def _set_source(instance: Instance, space: Space, wanted: SpaceCreate | SpaceUpdate) -> None:
    check_source(space.source, wanted)
    if wanted.source is not None:
        source = wanted.source.model_dump(mode="json")
        if space.source != source:
            # A token was given for the source that it was given with, and for no other.
            space.sealed_source_token = None
        space.source = source
    if wanted.source_token is not None:
        space.sealed_source_token = instance.sealer.seal(wanted.source_token, context=space.source_token_context)


def _release_jobs(wanted: ReleaseJobs) -> dict[str, Any]:
    """What was said about them; null removes one, and what was not said changes nothing."""
    given = wanted.model_fields_set & ReleaseJobs.model_fields.keys()
    return wanted.model_dump(mode="json", include=given)


def _visibility(wanted: SpaceCreate, head: Head) -> Visibility:
    if not wanted.adopt:
        return wanted.visibility
    return Visibility.PRIVATE if head.private else Visibility.PUBLIC


def taken(repo_id: str) -> Conflict:
    return Conflict(
        f"{repo_id} is already managed on this instance.",
        code="space_taken",
        fix="If it is your team's, deploy to it; if not, ask the people who run this instance.",
    )


def _record(session: Session, kind: str, space: Space, caller: Caller, **data: Any) -> None:
    record(session, kind, team_id=space.team_id, actor=caller.user_id, space_id=space.id, space=space.repo_id, **data)
