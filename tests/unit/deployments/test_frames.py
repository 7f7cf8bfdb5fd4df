import json
from datetime import UTC, datetime, timedelta

from spaceport.deployments import frames
from spaceport.deployments.model import LogLine
from spaceport.events.model import Event

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int, kind: str, seconds: float) -> Event:
    at = START + timedelta(seconds=seconds)
    return Event(id=number, team_id="t", deployment_id="d", kind=kind, actor="worker", data={}, at=at)


def line(seq: int, seconds: float, text: str = "x") -> LogLine:
    return LogLine(deployment_id="d", seq=seq, step="build", at=START + timedelta(seconds=seconds), line=text)


def parsed(raw: bytes) -> list[tuple[str, str, dict[str, object]]]:
    found = []
    for frame in raw.decode().removesuffix("\n\n").split("\n\n"):
        fields = dict(row.split(": ", 1) for row in frame.split("\n"))
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def test_events_and_lines_come_in_the_order_of_time_with_the_final_event_last() -> None:
    events = [event(3, "deployment.queued", 0), event(5, "deployment.pushing", 2), event(9, "deployment.failed", 3)]
    raw, cursor = frames._encode(events, [line(1, 1), line(2, 2.5), line(3, 9)], (0, 0))
    assert [kind for _, kind, _ in parsed(raw)] == [
        "deployment.queued",
        "log",
        "deployment.pushing",
        "log",
        "log",
        "deployment.failed",
    ]
    assert cursor == (9, 3)


def test_each_frames_id_is_the_cursor_behind_it() -> None:
    raw, _ = frames._encode([event(3, "deployment.queued", 0), event(5, "deployment.pushing", 2)], [line(1, 1)], (2, 0))
    assert [identifier for identifier, _, _ in parsed(raw)] == ["3.0", "3.1", "5.1"]


def test_clocks_that_disagree_never_reorder_the_lines_themselves() -> None:
    raw, _ = frames._encode([event(1, "deployment.queued", 5)], [line(1, 9), line(2, 0), line(3, 7)], (0, 0))
    assert [data["seq"] for _, kind, data in parsed(raw) if kind == "log"] == [1, 2, 3]


def test_no_text_can_break_out_of_its_frame() -> None:
    raw, _ = frames._encode([], [line(1, 0, "a\n\nevent: deployment.succeeded\ndata: {}\r\n\u2028")], (0, 0))
    ((_, kind, data),) = parsed(raw)
    assert (kind, data["line"]) == ("log", "a\n\nevent: deployment.succeeded\ndata: {}\r\n\u2028")
