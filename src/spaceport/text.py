"""What text has to be before it can be kept, sent on, or given to a process. Pydantic checks `str`, not `SecretStr`."""

from pydantic import SecretStr


def storable(value: str) -> str:
    """Neither an environment nor a Postgres text holds a NUL."""
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    return value


def mended(value: str) -> str:
    """Of others' words, what can be kept: a JSON text may hold a NUL, and half of a surrogate pair."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def encodable(value: SecretStr) -> SecretStr:
    try:
        value.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("Half of a character pair is not text.") from None
    return value


def storable_secret(value: SecretStr) -> SecretStr:
    storable(value.get_secret_value())
    return encodable(value)
