"""Passwords: argon2id with the library's recommended parameters: tens of milliseconds a time, on purpose."""

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 128

_hasher = PasswordHasher()


def hashed(password: str) -> str:
    return _hasher.hash(password)


def verified(password: str, password_hash: str | None) -> bool:
    """Without a hash (an unknown user) it takes as long, so that timing does not tell who has an account."""
    # A longer one was never accepted, and hashing it would only cost us.
    candidate = password[: MAX_CHARACTERS + 1]
    try:
        return _hasher.verify(password_hash or _nobody_s_hash(), candidate) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the parameters have changed since, so that the next sign-in should hash again."""
    return _hasher.check_needs_rehash(password_hash)


@functools.cache
def _nobody_s_hash() -> str:
    return hashed(secrets.token_urlsafe(32))
