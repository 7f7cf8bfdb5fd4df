"""Identifiers: a prefix that names the thing and a ULID, so that ids sort by creation."""

from ulid import ULID


def new(prefix: str) -> str:
    """For example `dep_01k9z4m2…`: lower case, safe in URLs, 26 characters after the prefix."""
    return f"{prefix}_{str(ULID()).lower()}"
