"""Log lines as they are kept and shown."""

import re

MAX_LENGTH = 4_000

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def clean(line: str) -> str:
    """Without what Postgres refuses (NUL, half a surrogate pair), colour codes and other control characters.

    Not longer than MAX_LENGTH.
    """
    return _CONTROL.sub("", line)[:MAX_LENGTH].encode(errors="replace").decode()
