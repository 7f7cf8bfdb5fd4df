"""Sessions of a browser: one random secret in a cookie, instead of tokens that are renewed.

They are sign-in sessions like any other, listed and ended with the rest. What tells them apart is `generation` 0: no
refresh token was ever made for them, so that a refresh token that was copied opens no page, and a cookie no API.
"""

import hashlib
import re
import secrets
from datetime import timedelta

from sqlmodel import Session, col, update

from spaceport import clock, errors
from spaceport.accounts import queries, sign_in
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import SignInSession

# Using a session keeps it alive, but not every page needs a write.
_RENEW_AFTER = timedelta(hours=1)
_SECRET = re.compile(r"(ses_[0-9a-z]{26})\.([\w-]{43})", re.ASCII)


def begin(session: Session, *, email: str, password: str, client: sign_in.Client) -> str | errors.Unauthorized:
    """The secret for the cookie. A refusal is returned, not raised, as by `sign_in.with_password`."""
    user = sign_in.admitted(session, email=email, password=password, client=client)
    if isinstance(user, errors.Unauthorized):
        return user
    secret = secrets.token_urlsafe(32)
    begun = sign_in.new_session(user.id, client, family_hash=_hash(secret))
    session.add(begun)
    return f"{begun.id}.{secret}"


def caller(session: Session, cookie: str) -> Caller:
    """Who this cookie stands for; one statement, and once an hour a second one.

    Raises `errors.Unauthorized` for a cookie that is not ours or whose session has ended.
    """
    found = _SECRET.fullmatch(cookie)
    if found is None:
        raise errors.Unauthorized("You are not signed in.", code="not_signed_in", fix="Sign in.")
    session_id, secret = found.groups()
    # The hash of 256 random bits may be compared by the database: nobody can steer it towards a match.
    asking = queries.standing(
        session,
        SignInSession.id == session_id,
        SignInSession.family_hash == _hash(secret),
        SignInSession.generation == 0,
    )
    _keep_alive(session, asking)
    return asking


def _keep_alive(session: Session, asking: Caller) -> None:
    now = clock.now()
    if asking.used_at > now - _RENEW_AFTER:
        return
    session.exec(
        update(SignInSession)
        .where(col(SignInSession.id) == asking.session_id)
        .values(last_used_at=now, expires_at=now + sign_in.IDLE_LIFETIME)
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
