"""Column types that more than one noun needs."""

import enum

from sqlalchemy import Enum


def by_value(members: type[enum.Enum]) -> Enum:
    """An enumeration stored as its values, in a plain text column that takes a new member without a migration."""
    return Enum(members, native_enum=False, length=32, values_callable=lambda of: [member.value for member in of])
