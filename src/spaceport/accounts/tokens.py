"""Access tokens: JSON Web Tokens signed with HS256, good for 15 minutes. Nothing else imports python-jose.

Every token names its user (`sub`), its sign-in (`sid`) and itself (`jti`). A verified token proves who signed
it, not that the sign-in still stands: `accounts.queries.caller` asks the database that.
"""

import functools
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jose import ExpiredSignatureError, JWTError, jwk, jwt

from spaceport import clock, errors

LIFETIME = timedelta(minutes=15)

_ALGORITHM = "HS256"
_ISSUER = "spaceport"
_AUDIENCE = "spaceport-api"
# What `issue` writes is the only header there is. Checking it first keeps hostile headers (other algorithms,
# `crit`, nesting that exhausts the parser's stack) away from the library.
_HEADER = jwt.encode({}, "any", algorithm=_ALGORITHM).partition(".")[0]
_MAX_CHARACTERS = 1024
_REQUIRED: dict[str, Any] = {f"require_{claim}": True for claim in ("exp", "iat", "sub", "jti", "aud", "iss")}


@dataclass(frozen=True)
class Claims:
    user_id: str
    session_id: str
    token_id: str
    expires_at: datetime


class AccessTokens:
    def __init__(self, secret: str) -> None:
        # A key object: a plain secret the library would parse as JSON first and take what it finds for keys.
        self._key = jwk.construct(secret.encode(), _ALGORITHM)
        # Checking a signature costs a third of an empty request; a client sends the same token many times.
        self._decoded = functools.lru_cache(maxsize=1024)(self._decode)

    def issue(self, *, user_id: str, session_id: str) -> str:
        issued_at = clock.now()
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": user_id,
            "sid": session_id,
            "jti": secrets.token_urlsafe(16),
            "iat": issued_at,
            "exp": issued_at + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def verify(self, token: str) -> Claims:
        """Raises `errors.Unauthorized` unless this instance signed the token and it has not expired."""
        if len(token) > _MAX_CHARACTERS or token.partition(".")[0] != _HEADER:
            raise _refused()
        claims = self._decoded(token)
        # A decoded token is remembered, and outlives its expiry in that memory.
        if claims.expires_at <= clock.now():
            raise _expired()
        return claims

    def _decode(self, token: str) -> Claims:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                options=_REQUIRED,
            )
            return Claims(
                user_id=claims["sub"],
                session_id=claims["sid"],
                token_id=claims["jti"],
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except ExpiredSignatureError:
            raise _expired() from None
        except (JWTError, KeyError, TypeError, ValueError, OverflowError):
            raise _refused() from None


def _refused() -> errors.Unauthorized:
    return errors.Unauthorized("The access token is not valid.", code="token_invalid", fix="Sign in again.")


def _expired() -> errors.Unauthorized:
    return errors.Unauthorized(
        "The access token has expired.", code="token_expired", fix="Get a new one with the refresh token."
    )
