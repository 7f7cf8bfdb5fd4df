"""A request's body, read before the request is carried out, and then given to it as if it came from the client."""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from spaceport.errors import TooLarge

_PIECE = 64 * 1024


class SpooledBody:
    """Kept in `file`, which should be one that goes to disk when it grows."""

    def __init__(self, file: SpooledTemporaryFile[bytes], receive: Receive) -> None:
        self._receive = receive
        # Its writes and reads leave the event loop when the file is on disk.
        self._file = UploadFile(cast("BinaryIO", file))
        self._ended = False

    async def fill(self, largest: int) -> AsyncIterator[bytes]:
        """Reads it all, and yields each piece. Raises ClientDisconnect, TooLarge `request_too_large` in bytes."""
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece, more = message.get("body", b""), message.get("more_body", False)
            size += len(piece)
            if size > largest:
                raise TooLarge(
                    f"A request with an Idempotency-Key may have at most {largest // 1024 // 1024} MB.",
                    code="request_too_large",
                    fix="Leave out what is not needed.",
                )
            await self._file.write(piece)
            yield piece
        await self._file.seek(0)

    async def receive(self) -> Message:
        """The body, and from then on what the client does."""
        if self._ended:
            return await self._receive()
        piece = await self._file.read(_PIECE)
        self._ended = len(piece) < _PIECE
        return {"type": "http.request", "body": piece, "more_body": not self._ended}
