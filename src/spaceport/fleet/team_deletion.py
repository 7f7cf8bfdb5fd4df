"""Deleting a team: while it manages a Space it stays; then it is nobody's, and holds nothing that opens anything."""

from sqlmodel import Session, col, select

from spaceport.accounts import teams
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.errors import Conflict
from spaceport.events.record import record
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.spaces.model import Space
from spaceport.webhooks import hooks

_NAMED = 10


def delete(session: Session, caller: Caller, team_id: str) -> None:
    """For owners. Every member loses access at once; what the team did stays on record.

    Raises Conflict `team_is_personal`, `team_has_spaces`.
    """
    caller.require(team_id, Role.OWNER)
    team = teams.lock_shared(session, team_id)
    # First: whoever is adding a Space at this moment holds on to their membership, and is waited for.
    teams.dismiss(session, team)
    if left := managed(session, team_id):
        raise Conflict(
            f"{team.name} still manages {', '.join(left[:_NAMED])}{' and others' if len(left) > _NAMED else ''}.",
            code="team_has_spaces",
            fix="Delete these Spaces first, or stop managing them: DELETE /api/v1/spaces/{owner}/{name}.",
            spaces=left[:_NAMED],
        )
    for hook in hooks.of_team(session, team_id):
        hooks.delete(session, caller, hook)
    hub_accounts.forget_tokens(session, team_id)
    # Nobody sees the team any more: who deleted it finds that in their own.
    record(session, "team.deleted", team_id=caller.default_team_id, actor=caller.user_id, team=team.id, name=team.name)


def managed(session: Session, team_id: str) -> list[str]:
    """The addresses of the team's Spaces; up to one more than is told."""
    standing = select(Space).where(Space.team_id == team_id, col(Space.deleted_at).is_(None))
    return [space.repo_id for space in session.exec(standing.order_by(Space.id).limit(_NAMED + 1))]
