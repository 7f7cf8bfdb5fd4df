"""The token of a call."""

import base64
import binascii


def token(authorization: str) -> str | None:
    """Of `Bearer TOKEN`, or of `Basic` with the token as password, as git sends it; None when there is neither."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password or user
