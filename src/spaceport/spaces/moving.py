"""A Space's address and who may see it: changed by us, or found changed on the Hub."""

from sqlmodel import Session

from spaceport import clock
from spaceport.errors import Invalid
from spaceport.events.record import record
from spaceport.hub import Head, Hub, HubFailure
from spaceport.spaces import commands, drift
from spaceport.spaces.model import Space, SpaceUpdate, Visibility


def target(space: Space, wanted: SpaceUpdate) -> str | None:
    """The address that is asked for, None when it stays. Raises Invalid `move_alone`.

    Alone, because two changes on the Hub can half succeed, and after a move everything has another address.
    """
    if wanted.owner is None and wanted.name is None:
        return None
    if not wanted.model_fields_set <= {"owner", "name"}:
        raise Invalid(
            "A move cannot be combined with other changes.",
            code="move_alone",
            fix="Send owner and name alone, then the other changes to the new address.",
        )
    to = f"{wanted.owner or space.owner}/{wanted.name or space.name}"
    return None if to == space.repo_id else to


def head(hub: Hub, repo_id: str) -> Head | None:
    """Where it answers after a change that has already been made: not knowing it is no reason to fail."""
    try:
        return hub.head(repo_id)
    except HubFailure:
        return None


def moved(session: Session, space: Space, to: str, found: Head | None, *, actor: str) -> Space:
    """Write the new address. Raises Conflict `space_taken`."""
    before = space.repo_id
    space.owner, _, space.name = to.partition("/")
    # An address that it gets back is no former one.
    kept = [address for address in space.former_addresses if address not in (to.lower(), before.lower())]
    space.former_addresses = [*kept, before.lower()] if before.lower() != to.lower() else kept
    # The subdomain changes with the name; None is looked up when it is needed.
    space.host = found.host if found else None
    space.updated_at = clock.now()
    commands.write_address(session, space)
    record(
        session,
        "space.moved",
        team_id=space.team_id,
        actor=actor,
        space_id=space.id,
        space=to,
        moved_from=before,
    )
    return space


def made_visible(session: Session, space: Space, visibility: Visibility, found: Head | None, *, actor: str) -> None:
    before, space.visibility = space.visibility, visibility
    space.updated_at = clock.now()
    answers_at(session, space, found)
    drift.resolve(session, space, {"visibility"})
    record(
        session,
        "space.visibility_changed",
        team_id=space.team_id,
        actor=actor,
        space_id=space.id,
        space=space.repo_id,
        visibility=visibility,
        before=before,
    )


def answers_at(session: Session, space: Space, found: Head | None) -> None:
    """Keep where the app answers, where the Hub has said it."""
    if found is not None and found.host and found.host != space.host:
        space.host = found.host
    session.add(space)
