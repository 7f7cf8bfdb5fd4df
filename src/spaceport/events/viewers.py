"""How many live streams each person has open in this process. Each holds a connection, and few end by themselves."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator

from spaceport.errors import RateLimited

# Dozens of tabs, each with a page that changes and a log.
MOST_PER_PERSON = 64


class Viewers:
    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def watch(self, user_id: str, frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """The same frames, counted while they are read. Raises RateLimited `too_many_streams`."""
        if self._open[user_id] >= MOST_PER_PERSON:
            raise RateLimited(
                f"You have {MOST_PER_PERSON} live streams open already.",
                code="too_many_streams",
                fix="Close some of them (a tab, a script that follows), then connect again.",
                retry_after=15,
            )
        return self._counted(user_id, frames)

    async def _counted(self, user_id: str, frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        # Counted from here on and not from the answer on: one that nobody reads would never be counted off.
        self._open[user_id] += 1
        try:
            async for frame in frames:
                yield frame
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
