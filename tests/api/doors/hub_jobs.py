"""Hub jobs asked for at the REST door."""

import json
from typing import Any

from sqlalchemy import text
from tests.api.doors.conftest import Crew

JOBS = "/api/v1/hub-jobs"
EVENTS = text("SELECT data FROM event WHERE kind = :kind ORDER BY id")
KEPT = text("SELECT event.data::text FROM event UNION ALL SELECT encode(body, 'escape') FROM idempotent_request")
SPEC = {"docker_image": "python:3.11", "command": ["python", "-c", "print('said')"]}


def spec(code: str = "print('said')", **wanted: Any) -> dict[str, Any]:
    return SPEC | {"command": ["python", "-c", code]} | wanted


def started(crew: Crew, code: str = "print('said')", **wanted: Any) -> dict[str, Any]:
    return crew.done("POST", JOBS, spec(code, **wanted))


def ended(crew: Crew, job: dict[str, Any]) -> dict[str, Any]:
    frames(crew, job)
    return crew.done("GET", f"{JOBS}/{job['id']}")


def frames(crew: Crew, job: dict[str, Any], last_event_id: str | None = None) -> list[dict[str, Any]]:
    owner = crew.people["owner"]
    seen = {"Last-Event-ID": last_event_id} if last_event_id else {}
    answer = owner.api.get(f"{JOBS}/{job['id']}/logs", headers=owner.headers | seen)
    assert answer.status_code == 200, answer.text
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n") if block]
    return [block | {"data": json.loads(block["data"])} for block in blocks if "data" in block]


def refusal(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def events(database, kind: str) -> list[dict[str, Any]]:
    with database.unit_of_work() as session:
        found = session.execute(EVENTS, {"kind": kind}).all()
    return [row.data for row in found]
