"""One item of an archive, whatever its format, and the refusal of those that are no plain file or folder."""

from typing import IO, NamedTuple

from spaceport import errors


class Entry(NamedTuple):
    """`content` is None for a folder, and must be read before the next entry is asked for."""

    name: str
    content: IO[bytes] | None


def refused(name: str, what: str) -> errors.Invalid:
    return errors.Invalid(
        f"The archive's entry {name!r} is {what}.",
        code="archive_refused",
        fix="Make the archive from plain files and folders only.",
    )
