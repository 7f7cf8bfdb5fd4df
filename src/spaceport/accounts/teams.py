"""Teams and who is in them."""

import re
import secrets
import unicodedata

from sqlmodel import Session, col, delete, select

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import (
    MemberCreate,
    MemberPublic,
    Membership,
    Role,
    Team,
    TeamPublic,
    User,
)
from spaceport.events.record import record

_SLUG_CHARACTERS = 32


def create(session: Session, *, owner_id: str, name: str, personal: bool = False) -> TeamPublic:
    team = Team(slug=_free_slug(session, name), name=name, personal=personal)
    session.add(team)
    session.flush()
    session.add(Membership(team_id=team.id, user_id=owner_id, role=Role.OWNER))
    record(session, "team.created", team_id=team.id, actor=owner_id, name=name)
    return TeamPublic(id=team.id, slug=team.slug, name=name, personal=personal, role=Role.OWNER)


def add_member(session: Session, caller: Caller, team_id: str, member: MemberCreate) -> MemberPublic:
    """For admins; only an owner may add an owner. Raises NotFound for an address without an account."""
    caller.require(team_id, _needed_to_handle(member.role))
    lock_shared(session, team_id)
    user = session.exec(select(User).where(User.email == member.email)).first()
    if user is None:
        raise errors.NotFound(
            "Nobody has registered with this e-mail address.",
            code="user_not_found",
            fix="Ask them to register first.",
        )
    if session.get(Membership, (team_id, user.id)):
        raise errors.Conflict("They are in the team already.", code="member_exists", fix="Change their role instead.")
    membership = Membership(team_id=team_id, user_id=user.id, role=member.role)
    session.add(membership)
    record(session, "member.added", team_id=team_id, actor=caller.user_id, member=user.id, role=member.role.value)
    return _public(user, membership)


def change_role(session: Session, caller: Caller, team_id: str, user_id: str, role: Role) -> MemberPublic:
    """For admins; only an owner may make or unmake an owner. The last owner stays one."""
    caller.require(team_id, _needed_to_handle(role))
    lock_shared(session, team_id)
    user, membership = _member(session, team_id, user_id)
    caller.require(team_id, _needed_to_handle(membership.role))
    if role is not Role.OWNER:
        _keep_an_owner(session, membership)
    before, membership.role = membership.role, role
    facts = {"member": user_id, "before": before.value, "role": role.value}
    record(session, "member.role_changed", team_id=team_id, actor=caller.user_id, **facts)
    return _public(user, membership)


def remove_member(session: Session, caller: Caller, team_id: str, user_id: str) -> None:
    """For admins, and for members who leave. Only an owner may remove an owner, and the last one stays."""
    caller.require(team_id, Role.VIEWER if user_id == caller.user_id else Role.ADMIN)
    lock_shared(session, team_id)
    _, membership = _member(session, team_id, user_id)
    if user_id != caller.user_id:
        caller.require(team_id, _needed_to_handle(membership.role))
    _keep_an_owner(session, membership)
    session.delete(membership)
    record(session, "member.removed", team_id=team_id, actor=caller.user_id, member=user_id)


def rename(session: Session, caller: Caller, team_id: str, name: str) -> TeamPublic:
    """For admins. Its slug stays."""
    caller.require(team_id, Role.ADMIN)
    team = _locked(session, team_id)
    before, team.name = team.name, name
    record(session, "team.renamed", team_id=team_id, actor=caller.user_id, before=before, name=name)
    return TeamPublic(id=team.id, slug=team.slug, name=name, personal=team.personal, role=caller.teams[team_id])


def dismiss(session: Session, team: Team) -> None:
    """Everybody, so that nobody sees the team again: it is deleted."""
    session.exec(delete(Membership).where(col(Membership.team_id) == team.id))
    team.slug = team.id


def hold_membership(session: Session, caller: Caller, team_id: str) -> None:
    """The caller stays in the team until the commit. Raises NotFound for a team that was deleted meanwhile."""
    mine = select(Membership).where(Membership.team_id == team_id, Membership.user_id == caller.user_id)
    if session.exec(mine.with_for_update(read=True, key_share=True)).first() is None:
        raise _gone()


def lock_shared(session: Session, team_id: str) -> Team:
    """Until the commit nobody else changes this team's members: two last owners cannot leave at once."""
    team = _locked(session, team_id)
    if team.deleted:
        raise _gone()
    if team.personal:
        raise errors.Conflict(
            "A personal team has one member, for good.",
            code="team_is_personal",
            fix="Create a team and add members to that.",
        )
    return team


def _locked(session: Session, team_id: str) -> Team:
    return session.exec(select(Team).where(Team.id == team_id).with_for_update(key_share=True)).one()


def _gone() -> errors.NotFound:
    return errors.NotFound("There is no such team among yours any more.", code="team_not_found")


def _free_slug(session: Session, name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:_SLUG_CHARACTERS].strip("-") or "team"
    taken = session.exec(select(Team.id).where(Team.slug == slug)).first()
    return f"{slug}-{secrets.token_hex(4)}" if taken else slug


def _needed_to_handle(role: Role) -> Role:
    return Role.OWNER if role is Role.OWNER else Role.ADMIN


def _member(session: Session, team_id: str, user_id: str) -> tuple[User, Membership]:
    found = session.exec(
        select(User, Membership).where(
            Membership.user_id == User.id, Membership.team_id == team_id, Membership.user_id == user_id
        )
    ).first()
    if found is None:
        raise errors.NotFound("There is no such member in the team.", code="member_not_found")
    return found


def _keep_an_owner(session: Session, leaving: Membership) -> None:
    owners = session.exec(
        select(Membership.user_id).where(Membership.team_id == leaving.team_id, Membership.role == Role.OWNER)
    ).all()
    if list(owners) == [leaving.user_id]:
        raise errors.Conflict(
            "A team keeps at least one owner, and this is the last.",
            code="last_owner",
            fix="Make somebody else an owner first.",
        )


def _public(user: User, membership: Membership) -> MemberPublic:
    return MemberPublic(
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=membership.role,
        created_at=membership.created_at,
    )
