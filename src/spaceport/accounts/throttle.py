"""Five attempts to sign in per minute, counted in the database so that every replica counts together.

Per account and address together: the account alone would let anyone lock its owner out, the address alone
would lock out everybody behind one proxy.
"""

import hashlib
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from spaceport import clock, errors

ATTEMPTS = 5
WINDOW = timedelta(minutes=1)

_COUNT = text("""
    INSERT INTO sign_in_throttle AS counted (key, window_started_at, attempts) VALUES (:key, :now, 1)
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN counted.window_started_at > :since THEN counted.attempts + 1 ELSE 1 END,
        window_started_at = CASE WHEN counted.window_started_at > :since
                                 THEN counted.window_started_at ELSE EXCLUDED.window_started_at END
    RETURNING attempts, window_started_at
""")
# After counting, and without waiting for locked rows: two sign-ins could otherwise hold what the other waits for.
_FORGET = text("""
    DELETE FROM sign_in_throttle WHERE key IN (
        SELECT key FROM sign_in_throttle WHERE window_started_at <= :since LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED
    )
""")
_CLEAR = text("DELETE FROM sign_in_throttle WHERE key = :key")


def count(session: Session, *, account: str, address: str) -> None:
    """Raises `errors.RateLimited` for one attempt too many. Count before the password is looked at."""
    now = clock.now()
    since = now - WINDOW
    attempts, started = session.execute(_COUNT, {"key": _key(account, address), "now": now, "since": since}).one()
    if attempts > ATTEMPTS:
        raise errors.RateLimited(
            "Too many attempts to sign in to this account from this address.",
            code="sign_in_throttled",
            fix=f"Wait: {ATTEMPTS} attempts are allowed within {WINDOW.total_seconds():.0f} seconds.",
            retry_after=(started + WINDOW - now).total_seconds(),
        )
    session.execute(_FORGET, {"since": since})


def clear(session: Session, *, account: str, address: str) -> None:
    """After a success, so that a person who signs in often is never held up."""
    session.execute(_CLEAR, {"key": _key(account, address)})


def _key(account: str, address: str) -> str:
    """A hash: of a fixed length whatever was sent, and no list of who tried."""
    return hashlib.sha256(f"{account.strip().lower()}\n{address}".encode()).hexdigest()
