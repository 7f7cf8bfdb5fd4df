"""Sessions: begun with a password, kept going by refresh tokens that work once, ended by signing out.

A refresh token is `<session id>.<family>.<latest>`, the parts after the id random. The family part proves
that it was ours, the latest part that it has not been used: a genuine token that is not the latest was copied
by somebody, and since nobody can tell by whom, the whole session ends.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, delete, select

from spaceport import clock, errors
from spaceport.accounts import email as emails
from spaceport.accounts import passwords, throttle
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import EndReason, PasswordChange, SignInSession, User
from spaceport.accounts.tokens import AccessTokens
from spaceport.events.record import record

# A session that is not used for so long ends; every refresh starts the time anew.
IDLE_LIFETIME = timedelta(days=30)

_MAX_USER_AGENT = 200
_REFRESH_TOKEN = re.compile(r"(ses_[0-9a-z]{26})\.([\w-]{43})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True)
class Client:
    """Where a sign-in comes from: its network address and what it calls itself."""

    address: str
    user_agent: str


@dataclass(frozen=True)
class SignedIn:
    user_id: str
    session_id: str
    access_token: str
    refresh_token: str


def with_password(
    session: Session, tokens: AccessTokens, *, email: str, password: str, client: Client
) -> SignedIn | errors.Unauthorized:
    """A refusal is returned, not raised: without the commit the attempt would not count. Raise it after.

    Raises `errors.RateLimited` after five attempts within a minute.
    """
    user = admitted(session, email=email, password=password, client=client)
    return user if isinstance(user, errors.Unauthorized) else _begin(session, tokens, user.id, client)


def admitted(session: Session, *, email: str, password: str, client: Client) -> User | errors.Unauthorized:
    """Whose password this is. A refusal is returned, so that the attempt is committed; raises RateLimited."""
    throttle.count(session, account=email, address=client.address)
    user = _user(session, email)
    if not passwords.verified(password, user.password_hash if user else None) or user is None:
        return errors.Unauthorized(
            "The e-mail address or the password is wrong.", code="credentials_wrong", error="invalid_grant"
        )
    throttle.clear(session, account=email, address=client.address)
    if passwords.outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    _forget_expired(session, user.id)
    return user


def new_session(user_id: str, client: Client, *, family_hash: str) -> SignInSession:
    """Without a refresh token so far: its hash is empty, which nothing matches."""
    return SignInSession(
        user_id=user_id,
        family_hash=family_hash,
        refresh_hash="",
        generation=0,
        user_agent="".join(filter(str.isprintable, client.user_agent))[:_MAX_USER_AGENT],
        expires_at=clock.now() + IDLE_LIFETIME,
    )


def refresh(session: Session, tokens: AccessTokens, refresh_token: str) -> SignedIn | errors.Unauthorized:
    """A new pair for an unused refresh token.

    A refusal is returned, not raised: it may end the session, and that must be committed. Raise it after.
    """
    parts = _REFRESH_TOKEN.fullmatch(refresh_token)
    session_id, family, latest = parts.groups() if parts else ("", "", "")
    found = session.exec(
        select(SignInSession).where(SignInSession.id == session_id).with_for_update(key_share=True)
    ).first()
    if found is None or not _matches(family, found.family_hash):
        return _refusal("The refresh token is not valid.", code="refresh_token_invalid")
    if found.ended_at or found.expires_at <= clock.now():
        return _refusal("This session has ended.", code="session_ended")
    if not _matches(latest, found.refresh_hash):
        _end(found, EndReason.REUSE_DETECTED)
        return _refusal(
            "This refresh token was used before. Somebody may have copied it, so the session was ended.",
            code="refresh_token_reused",
        )
    return _rotate(tokens, found, family)


def sign_out(session: Session, *, user_id: str, session_id: str) -> None:
    """Its access tokens are refused from now on. Raises `errors.NotFound` for a session of somebody else."""
    found = session.exec(
        select(SignInSession).where(SignInSession.id == session_id, SignInSession.user_id == user_id)
    ).first()
    if found is None:
        raise errors.NotFound("There is no such session among yours.", code="session_not_found")
    if found.ended_at is None:
        _end(found, EndReason.SIGNED_OUT)


def sign_out_others(session: Session, caller: Caller) -> None:
    """Ends every session of this user but the one that asks."""
    ended = _end_others(session, caller)
    record(session, "session.others_ended", team_id=caller.default_team_id, actor=caller.user_id, ended=ended)


def change_password(
    session: Session, caller: Caller, wanted: PasswordChange, *, client: Client
) -> errors.Forbidden | None:
    """Everywhere else one is signed out. A refusal is returned, so that the attempt is committed; raises RateLimited.

    The present password is asked for, and attempts count as those to sign in do: an open session is not enough.
    """
    user = session.get_one(User, caller.user_id)
    throttle.count(session, account=user.email, address=client.address)
    if not passwords.verified(wanted.current.get_secret_value(), user.password_hash):
        return errors.Forbidden("The present password is wrong.", code="password_wrong", fix="Type it again.")
    throttle.clear(session, account=user.email, address=client.address)
    user.password_hash = passwords.hashed(wanted.new.get_secret_value())
    _end_others(session, caller)
    return None


def _user(session: Session, email: str) -> User | None:
    try:
        address = emails.canonical(email)
    except ValueError:
        return None
    return session.exec(select(User).where(User.email == address)).first()


def _forget_expired(session: Session, user_id: str) -> None:
    session.exec(
        delete(SignInSession).where(col(SignInSession.user_id) == user_id, col(SignInSession.expires_at) <= clock.now())
    )


def _begin(session: Session, tokens: AccessTokens, user_id: str, client: Client) -> SignedIn:
    family = secrets.token_urlsafe(32)
    begun = new_session(user_id, client, family_hash=_hash(family))
    session.add(begun)
    return _rotate(tokens, begun, family)


def _rotate(tokens: AccessTokens, row: SignInSession, family: str) -> SignedIn:
    latest = secrets.token_urlsafe(32)
    row.refresh_hash = _hash(latest)
    row.generation += 1
    row.last_used_at = clock.now()
    row.expires_at = row.last_used_at + IDLE_LIFETIME
    return SignedIn(
        user_id=row.user_id,
        session_id=row.id,
        access_token=tokens.issue(user_id=row.user_id, session_id=row.id),
        refresh_token=f"{row.id}.{family}.{latest}",
    )


def _end_others(session: Session, caller: Caller) -> int:
    """How many."""
    others = select(SignInSession).where(
        SignInSession.user_id == caller.user_id,
        SignInSession.id != caller.session_id,
        col(SignInSession.ended_at).is_(None),
    )
    found = session.exec(others).all()
    for each in found:
        _end(each, EndReason.SIGNED_OUT)
    return len(found)


def _end(row: SignInSession, reason: EndReason) -> None:
    row.ended_at = clock.now()
    row.end_reason = reason


def _hash(token: str) -> str:
    """One round is enough: 256 random bits cannot be guessed, however fast the guessing."""
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(token: str, stored_hash: str) -> bool:
    return hmac.compare_digest(_hash(token), stored_hash)


def _refusal(message: str, *, code: str) -> errors.Unauthorized:
    return errors.Unauthorized(message, code=code, fix="Sign in again.", error="invalid_grant")
