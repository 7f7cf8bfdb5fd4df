"""What is read of accounts. Everything is limited to the caller's own teams and sessions."""

from collections.abc import Collection

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from spaceport import clock, errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import (
    Account,
    MemberPublic,
    Membership,
    Role,
    SessionPublic,
    SignInSession,
    Team,
    TeamPublic,
    User,
    UserPublic,
)
from spaceport.accounts.tokens import Claims


def caller(session: Session, claims: Claims) -> Caller:
    """The first thing an endpoint does in its unit of work; one statement.

    Raises `errors.Unauthorized` when the session has ended, however long the access token would still last.
    """
    return standing(session, User.id == claims.user_id, SignInSession.id == claims.session_id)


def standing(session: Session, *which: ColumnElement[bool] | bool) -> Caller:
    """The user of the one session that these conditions name. Raises `errors.Unauthorized` if it has ended."""
    rows = session.exec(
        select(User, Membership, Team.personal, SignInSession).where(
            *which,
            SignInSession.user_id == User.id,
            col(SignInSession.ended_at).is_(None),
            SignInSession.expires_at > clock.now(),
            Membership.user_id == User.id,
            Membership.team_id == Team.id,
        )
    ).all()
    if not rows:
        raise errors.Unauthorized("This session has ended.", code="session_ended", fix="Sign in again.")
    user, _, _, signed_in = rows[0]
    return Caller(
        user_id=user.id,
        email=user.email,
        name=user.name,
        session_id=signed_in.id,
        used_at=signed_in.last_used_at,
        teams={membership.team_id: membership.role for _, membership, *_ in rows},
        default_team_id=next(membership.team_id for _, membership, personal, *_ in rows if personal),
    )


def account(session: Session, asking: Caller) -> Account:
    user = session.exec(select(User).where(User.id == asking.user_id)).one()
    return Account(user=UserPublic.model_validate(user, from_attributes=True), teams=teams(session, asking))


def teams(session: Session, asking: Caller) -> list[TeamPublic]:
    """The personal team first, the others by name."""
    found = session.exec(
        select(Team).where(col(Team.id).in_(asking.team_ids())).order_by(col(Team.personal).desc(), Team.name, Team.id)
    )
    return [_shown(team, asking) for team in found]


def team(session: Session, asking: Caller, team_id: str) -> TeamPublic:
    asking.require(team_id, Role.VIEWER)
    return _shown(session.get_one(Team, team_id), asking)


def members(session: Session, asking: Caller, team_id: str) -> list[MemberPublic]:
    asking.require(team_id, Role.VIEWER)
    found = session.exec(
        select(User, Membership)
        .where(Membership.team_id == team_id, Membership.user_id == User.id)
        .order_by(col(Membership.created_at), User.id)
    )
    return [
        MemberPublic(
            user_id=user.id,
            email=user.email,
            name=user.name,
            role=membership.role,
            created_at=membership.created_at,
        )
        for user, membership in found
    ]


def sessions(session: Session, asking: Caller) -> list[SessionPublic]:
    """Those that still stand, the latest used first."""
    found = session.exec(
        select(SignInSession)
        .where(
            SignInSession.user_id == asking.user_id,
            col(SignInSession.ended_at).is_(None),
            SignInSession.expires_at > clock.now(),
        )
        .order_by(col(SignInSession.last_used_at).desc())
    )
    return [
        SessionPublic.model_validate(row, from_attributes=True, update={"current": row.id == asking.session_id})
        for row in found
    ]


def names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """Of those among them that are users: who did what, told to somebody who may know that it was done."""
    found = session.exec(select(User.id, User.name).where(col(User.id).in_(user_ids)))
    return dict(found.all())


def _shown(team: Team, asking: Caller) -> TeamPublic:
    return TeamPublic(id=team.id, slug=team.slug, name=team.name, personal=team.personal, role=asking.teams[team.id])
