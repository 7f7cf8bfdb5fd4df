"""E-mail addresses as names of accounts: compared without case. No mail is sent, so none is confirmed."""

import re

MAX_CHARACTERS = 254

# Printable ASCII only: look-alike letters of other scripts would let one account pass for another.
_SHAPE = re.compile(r"[!-?A-~]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")


def canonical(text: str) -> str:
    """The form that is stored and compared. Raises ValueError for what is not an address."""
    address = text.strip().lower()
    if len(address) > MAX_CHARACTERS or not _SHAPE.fullmatch(address):
        raise ValueError("An e-mail address in ASCII letters is needed, such as ada@example.org.")
    return address
