"""Sealed text: AES-256-GCM with the id of its key, bound to what it belongs to.

`v1.<key id>.<nonce and ciphertext in base64url>`. The context ("secret:sec_01…", "team:team_01…") is
authenticated, not stored: a sealed value copied into another row does not open there.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Collection

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from spaceport import errors

_VERSION = "v1"
_NONCE_BYTES = 12


class Sealer:
    """`keys` are 32 bytes each, newest first: the first seals, all of them open."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[0])
        self._digest_key = hashlib.sha256(b"spaceport digest key" + keys[0]).digest()

    @property
    def key_ids(self) -> Collection[str]:
        """Of the keys that this opens with."""
        return self._ciphers.keys()

    def seal(self, value: str, *, context: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound_to = _associated(self._newest, context)
        ciphertext = self._ciphers[self._newest].encrypt(nonce, value.encode(), bound_to)
        return f"{_VERSION}.{self._newest}.{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"

    def digest(self, text: str) -> str:
        """To compare texts without keeping them: nobody without the key can try out what they were."""
        return hmac.new(self._digest_key, text.encode(), hashlib.sha256).hexdigest()

    def newest(self, sealed: str) -> bool:
        """Whether this was sealed with the newest key."""
        return sealed.startswith(f"{_VERSION}.{self._newest}.")

    def open(self, sealed: str, *, context: str) -> str:
        """Raises `errors.Unavailable` when its key is not here, `errors.Conflict` when altered or moved."""
        version, _, rest = sealed.partition(".")
        key_id, _, encoded = rest.partition(".")
        if version != _VERSION:
            raise _damaged()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise errors.Unavailable(
                f"A stored value is sealed with key {key_id[:16]!r}, which this instance does not have.",
                code="sealing_key_unknown",
                fix="Add the key that sealed it to SEALING_KEY, after the newest one and a comma.",
            )
        try:
            payload = base64.b64decode(encoded, altchars=b"-_", validate=True)
            opened = cipher.decrypt(payload[:_NONCE_BYTES], payload[_NONCE_BYTES:], _associated(key_id, context))
        except (InvalidTag, binascii.Error, ValueError):
            raise _damaged() from None
        return opened.decode()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"spaceport sealing key id" + key).hexdigest()[:12]


def _associated(key_id: str, context: str) -> bytes:
    return f"{_VERSION}\n{key_id}\n{context}".encode()


def _damaged() -> errors.Conflict:
    return errors.Conflict(
        "A stored value does not open: it was altered, or belongs to something else.",
        code="sealed_value_damaged",
        fix="Set the value again; the stored one cannot be recovered.",
    )
