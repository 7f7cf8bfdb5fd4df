"""Key material: what signs access tokens and what seals stored values.

With the embedded database it is generated once, into a file in `DATA_DIR` (`keys.file`). With `DATABASE_URL`
this process may be one of many: its keys come from the environment, and a guessable one refuses to start.
"""

import base64
import binascii
from dataclasses import dataclass, field

from pydantic import SecretStr

from spaceport import errors
from spaceport.keys import file
from spaceport.settings import Settings

_COMMAND_FOR_JWT = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
_COMMAND_FOR_SEALING = 'python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"'
_WELL_KNOWN = ("changeme", "secret", "password", "example", "placeholder", "default", "insecure")
_JWT_SECRET_CHARACTERS = 32
_SEALING_KEY_BYTES = 32
# 32 random hexadecimal digits, the poorest honest secret, hold 14 different ones on average.
_DISTINCT = 10


@dataclass(frozen=True)
class Keys:
    """`sealing` is newest first: the first seals, all of them open."""

    jwt_secret: str = field(repr=False)
    sealing: tuple[bytes, ...] = field(repr=False)


def load(settings: Settings) -> Keys:
    """Raises `errors.Invalid` for a missing, short or guessable key, with the command that makes one."""
    given_secret, given_sealing = _given(settings.jwt_secret), _given(settings.sealing_key)
    if settings.embedded and not (given_secret and given_sealing):
        generated = file.read_or_make(settings.data_dir)
        given_secret = given_secret or generated["jwt_secret"]
        given_sealing = given_sealing or generated["sealing_key"]
    return Keys(jwt_secret=_jwt_secret(given_secret), sealing=_sealing_keys(given_sealing))


def _given(value: SecretStr | None) -> str:
    return value.get_secret_value().strip() if value else ""


def _jwt_secret(value: str) -> str:
    if not value:
        raise _refused("JWT_SECRET is missing, and with DATABASE_URL set no key is generated.", _COMMAND_FOR_JWT)
    if len(value) < _JWT_SECRET_CHARACTERS:
        raise _refused(f"JWT_SECRET is shorter than {_JWT_SECRET_CHARACTERS} characters.", _COMMAND_FOR_JWT)
    if _guessable(value, value.encode()):
        raise _refused("JWT_SECRET is a well-known or guessable value.", _COMMAND_FOR_JWT)
    return value


def _sealing_keys(value: str) -> tuple[bytes, ...]:
    if not value:
        raise _refused("SEALING_KEY is missing, and with DATABASE_URL set no key is generated.", _COMMAND_FOR_SEALING)
    return tuple(_sealing_key(part.strip()) for part in value.split(","))


def _sealing_key(value: str) -> bytes:
    try:
        key = base64.b64decode(value.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if _guessable(value, key or value.encode()):
        raise _refused("SEALING_KEY is a well-known or guessable value.", _COMMAND_FOR_SEALING)
    if len(key) != _SEALING_KEY_BYTES:
        raise _refused(f"SEALING_KEY is not {_SEALING_KEY_BYTES} bytes in base64.", _COMMAND_FOR_SEALING)
    return key


def _guessable(text: str, key: bytes) -> bool:
    letters = "".join(character for character in text.lower() if character.isalpha())
    repeated = key in (key + key)[1:-1]
    return repeated or len(set(key)) < _DISTINCT or any(word in letters for word in _WELL_KNOWN)


def _refused(message: str, command: str) -> errors.Invalid:
    return errors.Invalid(message, code="key_refused", fix=f"Make one with: {command}")
