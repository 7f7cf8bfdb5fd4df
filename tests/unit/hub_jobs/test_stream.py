import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from spaceport.hub import LogLine
from spaceport.hub_jobs import stream

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "lines"), [(None, 0), ("", 0), ("12", 12), ("end", 0), ("-1", 0), ("1.2", 0), ("9" * 40, 0), ("٣", 0)]
)
def test_an_id_that_is_not_ours_is_the_beginning(given: str | None, lines: int) -> None:
    assert stream.seen(given) == lines


async def test_a_silent_log_is_filled_with_pauses_and_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_PING", 0.02)
    go_on = asyncio.Event()

    async def slow() -> AsyncGenerator[LogLine]:
        yield LogLine(AT, "one")
        await go_on.wait()
        yield LogLine(AT, "two")

    got: list[str | None] = []
    async for line in stream._with_pauses(slow()):
        got.append(line.text if line else None)
        if got.count(None) == 3:
            go_on.set()
    assert [text for text in got if text] == ["one", "two"]
    assert got[1:4] == [None, None, None]


@pytest.mark.parametrize("waiting", [True, False], ids=["while it waits", "between two lines"])
async def test_a_viewer_who_leaves_closes_the_hubs_stream(waiting: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_PING", 0.02)
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[LogLine]:
        try:
            yield LogLine(AT, "one")
            await asyncio.sleep(3600)
        finally:
            closed.set()

    lines = stream._with_pauses(endless())
    await anext(lines)
    if waiting:
        assert await anext(lines) is None
    await lines.aclose()
    assert closed.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}
