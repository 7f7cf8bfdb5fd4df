"""Following a team or a space: nothing is missed, nothing comes twice, and nobody sees another team's."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.api.doors.conftest import Crew

from spaceport import clock
from spaceport.accounts import tokens
from spaceport.events import activity
from spaceport.events.record import record

DEADLINE = 15


class Follower:
    """Reads a stream of the real application as its server would."""

    def __init__(self, crew: Crew, path: str, who: str = "viewer", last_event_id: str | None = None) -> None:
        self.frames: list[tuple[str, str, dict[str, Any]]] = []
        self.status: int | None = None
        self.changed = asyncio.Event()
        headers = crew.people[who].headers | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        scope = {
            "type": "http",
            "method": "GET",
            "path": path.format(space=crew.space, team=crew.team_id),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        self.task = asyncio.create_task(crew.people[who].api.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        for frame in message.get("body", b"").decode().split("\n\n"):
            if frame.startswith("id: "):
                fields = dict(row.split(": ", 1) for row in frame.split("\n"))
                self.frames.append((fields["id"], fields["event"], json.loads(fields["data"])))
        self.changed.set()

    async def until(self, condition: Callable[["Follower"], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()

    async def connected(self) -> None:
        await self.until(lambda follower: follower.status is not None)

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.frames]

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.mark.parametrize("path", ["/api/v1/teams/{team}/events", "{space}/events"])
async def test_what_happens_is_seen_as_it_happens(crew: Crew, path: str) -> None:
    follower = Follower(crew, path)
    await follower.connected()

    await asyncio.to_thread(crew.done, "POST", "{space}/deployments", {})
    await follower.until(lambda seen: "deployment.queued" in seen.kinds)

    _, _, data = follower.frames[-1]
    assert (data["space_id"], data["actor"]) == (crew.ids["space_id"], crew.people["owner"].id)
    # What was before is not told again to who asks for what comes.
    assert "space.created" not in follower.kinds
    await follower.leave()


async def test_a_viewer_who_was_away_gets_what_came_meanwhile_and_nothing_twice(crew: Crew) -> None:
    first = Follower(crew, "{space}/events")
    await first.connected()
    await asyncio.to_thread(crew.done, "PATCH", "{space}", {"auto_deploy": False})
    await first.until(lambda seen: len(seen.frames) == 1)
    await first.leave()
    await asyncio.to_thread(crew.done, "PATCH", "{space}", {"auto_deploy": True})
    await asyncio.to_thread(crew.done, "POST", "{space}/deployments", {})

    again = Follower(crew, "{space}/events", last_event_id=first.frames[-1][0])
    await again.until(lambda seen: "deployment.queued" in seen.kinds)

    assert again.kinds[0] == "space.updated"
    assert first.frames[0][0] not in [frame_id for frame_id, _, _ in again.frames]
    await again.leave()


async def test_an_event_that_commits_late_is_not_stepped_over(crew: Crew, instance, database) -> None:
    """A transaction that is open while a younger one commits has an older number."""
    follower = Follower(crew, "/api/v1/teams/{team}/events")
    await follower.connected()

    def late_and_soon() -> None:
        with database.unit_of_work() as late:
            record(late, "late", team_id=crew.team_id, actor="test")
            late.flush()
            with database.unit_of_work() as soon:
                record(soon, "soon", team_id=crew.team_id, actor="test")
            seen = activity.ActivityReader(database).read(crew.team_id, (0, 0), None)
            assert b"event: soon" not in seen.frames

    await asyncio.to_thread(late_and_soon)
    await follower.until(lambda seen: len(seen.frames) == 2)

    assert follower.kinds == ["late", "soon"]
    await follower.leave()


async def test_another_teams_stream_is_not_there(crew: Crew) -> None:
    for path in ("/api/v1/teams/{team}/events", "{space}/events"):
        follower = Follower(crew, path, who="stranger")
        await asyncio.wait_for(follower.task, DEADLINE)
        assert follower.status == 404
    elsewhere = Follower(crew, f"/api/v1/teams/{crew.people['stranger'].personal_team_id}/events", who="stranger")
    await elsewhere.connected()
    await asyncio.to_thread(crew.done, "PATCH", "{space}", {"auto_deploy": True})
    await asyncio.to_thread(crew.ask, "stranger", "POST", "/api/v1/uploads", "file")
    await elsewhere.leave()
    assert [data["space_id"] for _, _, data in elsewhere.frames if data["space_id"]] == []


async def test_a_stream_ends_with_the_access_token(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIFETIME", timedelta(seconds=2))
    crew.people["viewer"] = crew.people["viewer"].sign_in_again()
    follower = Follower(crew, "{space}/events")

    await asyncio.wait_for(follower.task, DEADLINE)

    assert follower.status == 200


@pytest.mark.parametrize("cursor", ["9" * 18 + ".1", "1." + "9" * 18, "nonsense"])
async def test_a_cursor_of_another_database_means_from_now_on(crew: Crew, cursor: str) -> None:
    follower = Follower(crew, "{space}/events", last_event_id=cursor)
    await follower.connected()
    await asyncio.to_thread(crew.done, "PATCH", "{space}", {"auto_deploy": True})
    await follower.until(lambda seen: "space.updated" in seen.kinds)
    await follower.leave()


def test_the_list_of_what_happened_is_paged_newest_first(crew: Crew) -> None:
    for wanted in (True, False, True):
        crew.done("PATCH", "{space}", {"auto_deploy": wanted})
    started = clock.now()

    first = crew.done("GET", "{space}/activity?limit=2")
    second = crew.done("GET", "{space}/activity?limit=2&cursor=" + first["next_cursor"])

    events = first["items"] + second["items"]
    assert [event["kind"] for event in events] == ["space.updated"] * 3 + ["space.created"]
    assert [int(event["id"]) for event in events] == sorted((int(event["id"]) for event in events), reverse=True)
    assert all(event["at"] <= started.isoformat() for event in events)
    team = crew.done("GET", "/api/v1/teams/{team}/activity")
    assert {"hub_account.stored", "space.created"} <= {event["kind"] for event in team["items"]}
