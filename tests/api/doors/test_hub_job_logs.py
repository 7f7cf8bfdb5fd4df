"""Logs of Hub jobs, followed while they run."""

import asyncio

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.hub_jobs import JOBS, frames, refusal, started
from tests.localhub_server import LocalHub

from spaceport.hub_jobs import stream


def test_a_log_is_followed_to_its_end_and_goes_on_where_it_was_cut(crew: Crew) -> None:
    job = started(crew, "import time\nfor n in range(4): print('line', n, flush=True); time.sleep(0.1)")
    everything = frames(crew, job)
    lines = [frame for frame in everything if frame["event"] == "log"]
    assert [frame["data"]["line"] for frame in lines][-4:] == [f"line {n}" for n in range(4)]
    assert [frame["id"] for frame in lines] == [str(number + 1) for number in range(len(lines))]
    assert (everything[-1]["id"], everything[-1]["data"]["stage"]) == (stream.END, "COMPLETED")
    rest = frames(crew, job, lines[-2]["id"])
    assert [frame["id"] for frame in rest] == [lines[-1]["id"], stream.END]
    owner = crew.people["owner"]
    over = owner.api.get(f"{JOBS}/{job['id']}/logs", headers=owner.headers | {"Last-Event-ID": stream.END})
    assert over.status_code == 204


def test_a_log_that_the_hub_cuts_says_so_and_loses_nothing(crew: Crew, hub: LocalHub) -> None:
    job = started(crew, "raise SystemExit(3)")
    whole = frames(crew, job)
    assert "exit code: 3" in whole[-1]["data"]["message"]
    hub.fault(path=f"/{job['id']}/logs", cut_after=2, count=1)
    cut = frames(crew, job)
    assert (cut[-1]["event"], cut[-1]["data"]["code"]) == ("problem", "hub_unavailable")
    last = [frame["id"] for frame in cut if "id" in frame]
    rest = frames(crew, job, last[-1] if last else None)
    assert cut[:-1] + rest == whole


def test_more_logs_than_there_is_room_for_are_refused(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(crew)
    monkeypatch.setattr(stream, "_places", asyncio.Semaphore(0))
    answer = crew.ask("viewer", "GET", f"{JOBS}/{job['id']}/logs")
    assert refusal(answer) == (503, "too_many_streams")
    assert int(answer.headers["Retry-After"]) >= 1
