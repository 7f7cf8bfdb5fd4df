"""The live feed over a real database: every viewer gets everything once and in order, however and whenever it joins."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from tests.integration.deployments.conftest import Bench

from spaceport.db import url
from spaceport.deployments import frames, log
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.events import feed as feeds
from spaceport.events.feed import Cursor, Feed
from spaceport.hub import LogLine

DEADLINE = 15
MAX = 18 * "9"


@pytest.fixture(params=["listening", "polling"])
async def feed(request: pytest.FixtureRequest, bench: Bench, database_url: str) -> AsyncIterator[Feed]:
    """Behind a transaction pooler nobody can LISTEN: then it has no address and looks once a second."""
    feed = Feed(
        {"dep": frames.DeploymentReader(bench.database)},
        url.conninfo(database_url) if request.param == "listening" else None,
    )
    running = asyncio.create_task(feed.run())
    yield feed
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def cursor_of(frame_id: str) -> Cursor:
    event, line = frame_id.split(".")
    return int(event), int(line)


class Viewer:
    """Follows a deployment and keeps what it sees."""

    def __init__(self, feed: Feed, deployment_id: str, cursor: Cursor = (0, 0)) -> None:
        self.seen: list[tuple[str, str, dict[str, object]]] = []
        self.pace = asyncio.Event()
        self.pace.set()
        self._stream = feed.follow(deployment_id, cursor)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with contextlib.aclosing(self._stream) as stream:  # type: ignore[type-var]
            async for raw in stream:
                for frame in raw.decode().split("\n\n"):
                    fields = dict(row.split(": ", 1) for row in frame.split("\n") if not row.startswith(":") and row)
                    if fields:
                        self.seen.append((fields["id"], fields["event"], json.loads(fields["data"])))
                await self.pace.wait()

    @property
    def lines(self) -> list[object]:
        return [data["seq"] for _, kind, data in self.seen if kind == "log"]

    @property
    def cursor(self) -> Cursor:
        return cursor_of(self.seen[-1][0])

    async def until(self, condition: Callable[["Viewer"], object]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition(self):  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.01)

    async def ended(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self.task

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
def deployment(bench: Bench) -> str:
    deployment = bench.request()
    bench.advance(deployment, to=Status.VERIFYING)
    return deployment


async def write(bench: Bench, deployment_id: str, count: int) -> None:
    def work() -> None:
        with bench.database.unit_of_work() as session:
            row = session.get_one(Deployment, deployment_id, with_for_update=True)
            log.append(session, row, "build", [LogLine(datetime.now(UTC), "x")] * count)

    await asyncio.to_thread(work)


async def end(bench: Bench, deployment_id: str) -> None:
    await asyncio.to_thread(bench.end, deployment_id, Status.SUCCEEDED)


def is_whole(viewer: Viewer, lines: int) -> bool:
    return viewer.lines == list(range(1, lines + 1)) and viewer.seen[-1][1] == "deployment.succeeded"


async def test_viewers_from_the_start_and_a_late_one_see_everything_once(
    bench: Bench, feed: Feed, deployment: str
) -> None:
    viewers = [Viewer(feed, deployment) for _ in range(3)]
    for _ in range(5):
        await write(bench, deployment, 10)
    await viewers[0].until(lambda viewer: viewer.lines)
    viewers.append(Viewer(feed, deployment))
    await write(bench, deployment, 10)
    await end(bench, deployment)
    viewers.append(Viewer(feed, deployment))
    for viewer in viewers:
        await viewer.ended()
        assert is_whole(viewer, 60)
        assert [kind for _, kind, _ in viewer.seen].count("deployment.queued") == 1


async def test_a_viewer_resumes_with_exactly_the_rest(bench: Bench, feed: Feed, deployment: str) -> None:
    await write(bench, deployment, 30)
    first = Viewer(feed, deployment)
    await first.until(lambda viewer: len(viewer.lines) == 30)
    await first.leave()
    await write(bench, deployment, 30)
    for position in range(0, len(first.seen), 7):
        second = Viewer(feed, deployment, cursor_of(first.seen[position][0]))
        await second.until(lambda viewer: 60 in viewer.lines)
        ids = [identifier for identifier, _, _ in first.seen[: position + 1] + second.seen]
        assert len(set(ids)) == len(ids)
        lines = [data["seq"] for _, kind, data in first.seen[: position + 1] + second.seen if kind == "log"]
        assert lines == list(range(1, 61))
        await second.leave()


async def test_a_log_larger_than_one_read_arrives_whole_with_the_end_last(
    bench: Bench, feed: Feed, deployment: str
) -> None:
    await write(bench, deployment, 2 * frames._MOST_LINES)
    await end(bench, deployment)
    viewer = Viewer(feed, deployment)
    await viewer.ended()
    assert is_whole(viewer, 2 * frames._MOST_LINES)


async def test_a_viewer_that_does_not_keep_up_is_let_go_and_the_others_are_not(
    bench: Bench, feed: Feed, deployment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_BACKLOG", 2)
    slow, quick = Viewer(feed, deployment), Viewer(feed, deployment)
    await slow.until(lambda viewer: viewer.seen)
    slow.pace.clear()
    total = 0
    while len(feed._topics[deployment].viewers) == 2:
        await write(bench, deployment, 1)
        total += 1
        await quick.until(lambda viewer: total in viewer.lines)  # noqa: B023
    slow.pace.set()
    await slow.ended()
    again = Viewer(feed, deployment, slow.cursor)
    await end(bench, deployment)
    for viewer in (quick, again):
        await viewer.ended()
    assert is_whole(quick, total)
    assert slow.lines + again.lines == quick.lines


async def test_the_last_viewer_ends_the_reading(bench: Bench, feed: Feed, deployment: str) -> None:
    viewer = Viewer(feed, deployment)
    await viewer.until(lambda viewer: viewer.seen)
    await viewer.leave()
    assert feed._topics == {}


async def test_a_viewer_ahead_of_a_reader_that_ends_meanwhile_ends_too(
    bench: Bench, feed: Feed, deployment: str
) -> None:
    """It came from another process, which had read further."""
    behind = Viewer(feed, deployment)
    await behind.until(lambda viewer: viewer.seen)
    await write(bench, deployment, 5)
    ahead = Viewer(feed, deployment, (behind.cursor[0], 5))
    await end(bench, deployment)
    await ahead.ended()
    assert ahead.lines == []
    assert ahead.seen[-1][1] == "deployment.succeeded"


@pytest.mark.parametrize("claimed", ["0.0", f"{MAX}.{MAX}", f"{MAX}.0", f"0.{MAX}", "2.1"])
async def test_whatever_a_viewer_claims_to_have_seen_others_see_everything(
    bench: Bench, feed: Feed, deployment: str, claimed: str
) -> None:
    await write(bench, deployment, 3)
    with bench.database.unit_of_work() as session:
        cursor = frames.resume(session, session.get_one(Deployment, deployment), claimed)
    assert cursor is not None
    liar = Viewer(feed, deployment, cursor)
    honest = Viewer(feed, deployment)
    await honest.until(lambda viewer: 3 in viewer.lines)
    await write(bench, deployment, 3)
    await end(bench, deployment)
    for viewer in (liar, honest):
        await viewer.ended()
        assert viewer.seen[-1][1] == "deployment.succeeded"
    assert is_whole(honest, 6)


def test_after_the_end_there_is_nothing_to_resume(bench: Bench, deployment: str) -> None:
    def resumed(last_event_id: str) -> Cursor | None:
        with bench.database.unit_of_work() as session:
            return frames.resume(session, session.get_one(Deployment, deployment), last_event_id)

    newest = bench.sql("SELECT max(id) AS id FROM event")[0]["id"]
    assert resumed(f"{newest}.0") == (newest, 0)
    bench.end(deployment)
    assert resumed(f"{newest}.0") == (newest, 0)
    newest = bench.sql("SELECT max(id) AS id FROM event")[0]["id"]
    assert resumed(f"{newest}.0") is None
    assert resumed(f"{newest - 1}.0") == (newest - 1, 0)
    assert resumed("") == (0, 0)


async def test_an_outage_of_the_database_delays_the_stream_and_does_not_end_it(
    bench: Bench, feed: Feed, deployment: str
) -> None:
    viewer = Viewer(feed, deployment)
    await viewer.until(lambda viewer: viewer.seen)
    with contextlib.suppress(Exception):
        await asyncio.to_thread(
            bench.sql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        )
    for _ in range(5):
        with contextlib.suppress(Exception):
            await write(bench, deployment, 1)
            break
    await end(bench, deployment)
    await viewer.ended()
    assert is_whole(viewer, 1)
