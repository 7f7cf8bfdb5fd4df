"""Whether two requests are the same one, told from their bytes as they arrive."""

import hashlib

from python_multipart.multipart import parse_options_header

# Stands for a boundary; its length apart, any text that a client would not send as one.
_BOUNDARY = b"\0boundary\0"


class Fingerprint:
    """SHA-256 over query, media type and body, fed piece by piece.

    The boundary of a multipart body counts as no part of it: clients choose a new one for every attempt.
    """

    def __init__(self, query: bytes, content_type: str) -> None:
        media_type, parameters = parse_options_header(content_type)
        self._digest = hashlib.sha256(query + b"\n" + media_type + b"\n")
        self._boundary = parameters.get(b"boundary") if media_type.startswith(b"multipart/") else None
        self._held = b""

    def update(self, piece: bytes) -> None:
        if not self._boundary:
            self._digest.update(piece)
            return
        *whole, rest = (self._held + piece).split(self._boundary)
        for part in whole:
            self._digest.update(part + _BOUNDARY)
        # A boundary may have begun at the end of this piece.
        cut = max(0, len(rest) - len(self._boundary) + 1)
        self._digest.update(rest[:cut])
        self._held = rest[cut:]

    def hexdigest(self) -> str:
        """Once, after the last piece."""
        self._digest.update(self._held)
        return self._digest.hexdigest()
