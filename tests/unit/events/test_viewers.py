"""A person's live streams are counted while they are read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from spaceport.errors import RateLimited
from spaceport.events import viewers
from spaceport.events.viewers import Viewers


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "MOST_PER_PERSON", 2)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b": ping\n\n"
        await asyncio.sleep(0)


async def test_the_third_stream_of_a_person_is_refused_and_of_another_one_is_not() -> None:
    counted = Viewers()
    watched = [counted.watch("usr_a", endless()) for _ in range(2)]
    for each in watched:
        await anext(each)
    with pytest.raises(RateLimited) as refused:
        counted.watch("usr_a", endless())
    assert refused.value.code == "too_many_streams"
    await anext(counted.watch("usr_b", endless()))


async def test_a_stream_that_was_left_counts_no_more_and_one_that_nobody_read_never_did() -> None:
    counted = Viewers()
    for _ in range(5):
        counted.watch("usr_a", endless())
    for _ in range(5):
        watched = counted.watch("usr_a", endless())
        await anext(watched)
        await watched.aclose()
    await anext(counted.watch("usr_a", endless()))
