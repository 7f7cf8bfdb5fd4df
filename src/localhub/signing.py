"""Short-lived proofs that this localhub itself gave out: JSON Web Tokens with a key of its own."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Signer:
    def __init__(self, file: Path) -> None:
        """`file` keeps the key, so that a restart does not take back what was given out."""
        if not file.exists():
            file.touch(mode=0o600)
            file.write_bytes(secrets.token_bytes(32))
        self._key = file.read_bytes()

    def sign(self, purpose: str, subject: str, seconds: int) -> str:
        claims = {"purpose": purpose, "sub": subject, "exp": int(time.time()) + seconds}
        body = f"{_encoded(_HEADER)}.{_encoded(claims)}"
        return f"{body}.{self._signature(body)}"

    def allows(self, token: str, purpose: str, subject: str) -> bool:
        """Whether it was given out for exactly this, and still holds."""
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
            return False
        claims = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
        return (claims["purpose"], claims["sub"]) == (purpose, subject) and claims["exp"] > time.time()

    def _signature(self, body: str) -> str:
        return _base64(hmac.digest(self._key, body.encode(), hashlib.sha256))


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
