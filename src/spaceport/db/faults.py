"""What Postgres answered, by its codes and never by its sentences: those are translated and reworded."""

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
CHECK_VIOLATION = "23514"
# Two transactions waited for each other: this one was ended, and may come again.
DEADLOCK = "40P01"
# Text with a NUL or half a surrogate pair, in a text column and in JSON.
NOT_STORABLE = ("22021", "22P05")


def sqlstate(error: DBAPIError) -> str | None:
    """Five characters, or None when the server did not answer at all.

    Catch `DBAPIError`: of all violations only 23505 arrives as SQLAlchemy's IntegrityError with pg8000.
    """
    return _fields(error).get("C")


def constraint(error: DBAPIError) -> str | None:
    """The name of the violated constraint or unique index."""
    return _fields(error).get("n")


def _fields(error: DBAPIError) -> Mapping[str, str]:
    said = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return said if isinstance(said, dict) else {}
