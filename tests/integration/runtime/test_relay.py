"""One stream from the Hub for all viewers of a log, and what each of them is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from spaceport.errors import Unavailable
from spaceport.hub import HubFailure, LogLine
from spaceport.runtime import relay, tail
from spaceport.runtime.relay import Relay
from spaceport.runtime.tail import Position

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "JOIN_SECONDS", 0)
    monkeypatch.setattr(relay, "_PAUSES", (0.01,))


class Log:
    """What the Hub has: `opened` counts streams, `open` those that are being read."""

    def __init__(self, *texts: str, at: datetime = BEGAN) -> None:
        self.lines = [LogLine(at + timedelta(seconds=number), text) for number, text in enumerate(texts)]
        self.grown = asyncio.Event()
        self.over = False
        self.failure: HubFailure | None = None
        self.opened = self.open = 0
        self._touched = asyncio.Event()

    async def has(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not happened():
                self._touched.clear()
                await self._touched.wait()

    def add(self, text: str) -> None:
        self.lines.append(LogLine(BEGAN + timedelta(seconds=len(self.lines)), text))
        self.wake()

    def replace(self, *texts: str) -> None:
        """The app was started again."""
        self.lines = Log(*texts, at=BEGAN + timedelta(hours=1)).lines
        self.failure = HubFailure(0, "cut")
        self.wake()

    def end(self) -> None:
        self.over = True
        self.wake()

    def wake(self) -> None:
        self.grown.set()
        self.grown = asyncio.Event()

    async def stream(self) -> AsyncIterator[LogLine]:
        self.opened += 1
        self.open += 1
        self._touched.set()
        try:
            sent = 0
            while True:
                grown = self.grown
                for line in self.lines[sent:]:
                    sent += 1
                    yield line
                if (failure := self.failure) is not None:
                    self.failure = None
                    raise failure
                if self.over:
                    return
                await grown.wait()
        finally:
            self.open -= 1
            self._touched.set()


async def read(
    shared: Relay, log: Log, until: str, *, kind: str = "run", seen: Position | None = None
) -> tuple[str, list[str]]:
    """Everything that a viewer is sent until it holds a text, and the ids in it."""
    async with aclosing(shared.follow("space_1", kind, log.stream, seen)) as frames:
        return await read_on(frames, until)


async def read_on(frames: AsyncIterator[bytes], until: str) -> tuple[str, list[str]]:
    text = ""
    async with asyncio.timeout(5):
        async for frame in frames:
            text += frame.decode()
            if until in text:
                break
    return text, [line[4:] for line in text.splitlines() if line.startswith("id: ")]


async def test_many_viewers_share_one_stream_which_is_closed_when_nobody_looks() -> None:
    shared, log = Relay(), Log("one", "two")
    viewers = [asyncio.create_task(read(shared, log, "three")) for _ in range(20)]
    await log.has(lambda: log.opened == 1)
    log.add("three")
    texts = {text for text, _ in await asyncio.gather(*viewers)}
    assert len({text.count("event: log") for text in texts}) == 1
    assert log.opened == 1
    await log.has(lambda: log.open == 0)


async def test_a_viewer_goes_on_after_the_last_line_it_has() -> None:
    shared, log = Relay(), Log("one", "two", "three")
    _, ids = await read(shared, log, '"two"')
    seen = Position.parse(ids[1])
    text, resumed = await read(shared, log, '"three"', seen=seen)
    assert ids[0] not in resumed
    assert '"seq":2' not in text
    assert resumed[0].endswith(".3")


async def test_a_new_start_of_the_app_is_said_and_its_log_is_followed() -> None:
    shared, log = Relay(), Log("one", "two")
    async with aclosing(shared.follow("space_1", "run", log.stream, None)) as frames:
        before, ids = await read_on(frames, '"two"')
        log.replace("again")
        after, new_ids = await read_on(frames, '"again"')
    assert "restarted" not in before
    assert after.index("event: restarted") < after.index('"again"')
    assert new_ids[-1].endswith(".1")
    assert new_ids[-1].partition(".")[0] != ids[0].partition(".")[0]


async def test_a_cut_stream_is_taken_up_again_without_a_line_twice() -> None:
    shared, log = Relay(), Log("one", "two")
    log.failure = HubFailure(0, "cut")
    viewer = asyncio.create_task(read(shared, log, "three"))
    await log.has(lambda: log.opened == 2)
    log.add("three")
    text, _ = await viewer
    assert [text.count(f'"{word}"') for word in ("one", "two", "three")] == [1, 1, 1]


async def test_lines_that_are_not_kept_any_more_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "KEPT_LINES", 2)
    shared, log = Relay(), Log(*map(str, range(10)))
    text, _ = await read(shared, log, '"9"')
    assert '"missing":8' in text
    assert '"7"' not in text


async def test_a_build_that_is_over_ends_the_stream_with_an_id_that_says_so() -> None:
    shared, log = Relay(), Log("one")
    log.end()
    text, ids = await read(shared, log, "never", kind="build")
    assert "event: end" in text
    last = Position.parse(ids[-1])
    assert last is not None
    assert (last.line, last.ended) == (1, True)


async def test_what_the_hub_refuses_is_said_and_ends_the_stream() -> None:
    shared, log = Relay(), Log()
    log.failure = HubFailure(403, "not yours")
    text, _ = await read(shared, log, "never")
    assert "event: failed" in text
    assert "hub_forbidden" in text


async def test_there_is_a_most_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_STREAMS", 1)
    shared, log = Relay(), Log("one")
    async with aclosing(shared.follow("space_1", "run", log.stream, None)) as frames:
        await anext(frames)
        shared.admit("space_1", "run")
        with pytest.raises(Unavailable):
            shared.admit("space_2", "run")
    shared.admit("space_2", "run")


@pytest.mark.parametrize("text", [None, "", "x", "1.2", "0123456789ab.-1", "0123456789ab.1.over", "0123456789ab.1\n"])
def test_an_id_that_is_none_of_ours_is_the_beginning(text: str | None) -> None:
    assert Position.parse(text) is None


async def test_a_look_has_the_newest_lines_and_who_follows_from_there_misses_and_repeats_none() -> None:
    shared, log = Relay(), Log("one", "two", "three")

    look = await shared.look("space_1", "run", log.stream, most=2)
    assert ([line.text for line in look.lines], look.left_out, look.ended) == (["two", "three"], 1, False)

    log.add("four")
    text, _ = await read(shared, log, "four", seen=Position.parse(look.position))
    assert [word for word in ("one", "two", "three", "four") if f'"{word}"' in text] == ["four"]
    assert log.opened == 1


async def test_a_glance_waits_for_nothing_and_who_follows_from_there_misses_and_repeats_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "_FIRST_LINE_WITHIN", 3600.0)
    shared, log = Relay(), Log()
    async with asyncio.timeout(5):
        glance = await shared.glance("space_1", "run", log.stream, most=9)
    assert (glance.lines, glance.position, glance.ended) == ([], None, False)

    log.add("one")
    _, ids = await read(shared, log, "one")
    glance = await shared.glance("space_1", "run", log.stream, most=9)
    assert ([line.text for line in glance.lines], glance.position) == (["one"], ids[-1])
    log.add("two")
    text, _ = await read(shared, log, "two", seen=Position.parse(glance.position))
    assert '"one"' not in text
    assert log.opened == 1


async def test_a_look_at_an_app_that_never_stops_logging_waits_for_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_SILENCE", 60.0)
    shared, log = Relay(), Log("now", at=datetime.now(UTC))
    async with asyncio.timeout(5):
        assert [line.text for line in (await shared.look("space_1", "run", log.stream, most=9)).lines] == ["now"]


async def test_a_look_says_that_a_log_has_ended_or_what_the_hub_refused() -> None:
    shared, log = Relay(), Log("one")
    log.end()
    look = await shared.look("space_1", "build", log.stream, most=9)
    assert (look.ended, look.failed) == (True, None)

    log.failure = HubFailure(403, "no")
    look = await shared.look("space_2", "run", log.stream, most=9)
    assert look.ended
    assert look.failed is not None
