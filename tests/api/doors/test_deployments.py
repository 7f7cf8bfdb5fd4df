from datetime import datetime

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.test_uploads import upload
from tests.spaceport_server import archive


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_deployment_is_accepted_and_found_where_the_answer_says(crew: Crew) -> None:
    answer = crew.ask("deployer", "POST", "{space}/deployments")
    assert answer.status_code == 202
    found = crew.done("GET", answer.headers["Location"])
    assert found == answer.json()
    assert (found["number"], found["status"], found["trigger"]) == (1, "queued", "api")
    assert found["source"] == {"kind": "space", "repo_id": "local/other", "revision": None}


def test_another_source_for_this_once_leaves_the_spaces_own(crew: Crew) -> None:
    other = upload(crew.people["owner"], archive({"a": "b"})).json()
    crew.ids["mine"] = crew.ask("owner", "POST", f"/api/v1/uploads?team_id={crew.team_id}", "file").json()["id"]
    wrong_team = {"source": {"kind": "upload", "upload_id": other["id"]}}
    assert code(crew.ask("owner", "POST", "{space}/deployments", wrong_team)) == (404, "upload_not_found")
    once = {"source": {"kind": "upload", "upload_id": crew.ids["mine"]}}
    assert crew.done("POST", "{space}/deployments", once)["source"]["upload_id"] == crew.ids["mine"]
    assert crew.done("GET", "{space}")["source"]["kind"] == "space"


def test_a_space_without_a_source_says_how_to_give_one(crew: Crew) -> None:
    body = {"owner": "local", "name": f"{crew.name}-bare", "sdk": "static", "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body)
    answer = crew.ask("owner", "POST", f"/api/v1/spaces/local/{crew.name}-bare/deployments")
    assert code(answer) == (422, "no_source")
    assert "PATCH" in answer.json()["fix"]


def test_pages_are_newest_first_and_meet_without_gap_or_repeat(crew: Crew) -> None:
    for _ in range(5):
        crew.done("POST", "{space}/deployments", {"if_busy": "wait"})
    numbers, path = [], f"{crew.space}/deployments?limit=2"
    while path:
        answer = crew.ask("viewer", "GET", path)
        numbers += [item["number"] for item in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url")
    assert numbers == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=x", "cursor=dep_%00", "cursor=' OR 1=1"])
def test_a_page_that_cannot_be_is_refused(crew: Crew, query: str) -> None:
    assert crew.ask("owner", "GET", "{space}/deployments?" + query).status_code == 422


def test_a_log_is_read_on_from_the_last_line(crew: Crew) -> None:
    crew.ids["deployment"] = crew.done("POST", "{space}/deployments")["id"]
    page = crew.done("GET", "/api/v1/deployments/{deployment}/logs?cursor=0&limit=10&step=push")
    assert page == {"items": [], "next_cursor": 0, "pruned_at": None}
    for query in ("cursor=-1", "limit=5001", "step=other", f"cursor={2**63}"):
        assert crew.ask("owner", "GET", "/api/v1/deployments/{deployment}/logs?" + query).status_code == 422


def test_the_events_of_what_has_ended_are_told_once_and_then_there_is_nothing_more(crew: Crew) -> None:
    crew.ids["deployment"] = crew.done("POST", "{space}/deployments")["id"]
    crew.done("POST", "/api/v1/deployments/{deployment}/cancellation")
    path = "/api/v1/deployments/{deployment}/events".format(**crew.ids)
    viewer = crew.people["viewer"]
    stream = viewer.get(path)
    assert stream.headers["content-type"].startswith("text/event-stream")
    ids = [line.removeprefix("id: ") for line in stream.text.splitlines() if line.startswith("id: ")]
    assert [line for line in stream.text.splitlines() if line.startswith("event: ")] == [
        "event: deployment.queued",
        "event: deployment.canceled",
    ]
    half = viewer.api.get(path, headers=viewer.headers | {"Last-Event-ID": ids[0]})
    assert "deployment.queued" not in half.text
    assert "deployment.canceled" in half.text
    again = viewer.api.get(path, headers=viewer.headers | {"Last-Event-ID": ids[-1]})
    assert (again.status_code, again.content) == (204, b"")


def test_a_deployment_is_canceled_once(crew: Crew) -> None:
    crew.ids["deployment"] = crew.done("POST", "{space}/deployments")["id"]
    path = "/api/v1/deployments/{deployment}/cancellation"
    canceled = crew.ask("deployer", "POST", path)
    assert (canceled.status_code, canceled.json()["status"]) == (202, "canceled")
    assert code(crew.ask("deployer", "POST", path)) == (409, "already_final")


def test_if_busy_is_the_callers_choice(crew: Crew) -> None:
    first = crew.done("POST", "{space}/deployments")
    rejected = crew.ask("owner", "POST", "{space}/deployments", {"if_busy": "reject"})
    assert code(rejected) == (409, "space_busy")
    assert rejected.json()["deployment_id"] == first["id"]
    assert crew.done("POST", "{space}/deployments", {"if_busy": "wait"})["waiting_for"] == "slot"
    newest = crew.done("POST", "{space}/deployments", {"if_busy": "supersede"})
    assert newest["waiting_for"] is None
    assert crew.done("GET", f"/api/v1/deployments/{first['id']}")["superseded_by"] == newest["id"]


def test_a_job_has_the_shape_of_the_hubs(crew: Crew) -> None:
    deployment = crew.done("POST", "{space}/deployments")
    (job,) = crew.done("GET", f"/api/v1/jobs?deployment_id={deployment['id']}")["items"]
    assert job == crew.done("GET", f"/api/v1/jobs/{job['id']}") | {"durations": job["durations"]}
    owner = crew.people["owner"]
    assert (job["kind"], job["status"], job["owner"], job["initiator"]) == (
        "push",
        {"stage": "SCHEDULING", "message": None},
        {"id": crew.team_id, "name": "Engines", "type": "team"},
        {"type": "user", "id": owner.id, "name": "owner"},
    )
    assert datetime.fromisoformat(job["created_at"]).tzinfo is not None
    assert (job["started_at"], job["finished_at"]) == (None, None)
    assert set(job["durations"]) == {"scheduling_secs", "running_secs", "total_secs"}
    crew.done("POST", f"/api/v1/deployments/{deployment['id']}/cancellation")
    ended = crew.done("GET", f"/api/v1/jobs/{job['id']}")
    assert ended["status"]["stage"] == "CANCELED"
    assert ended["finished_at"] is not None


def test_jobs_are_filtered_by_stage_kind_and_initiator(crew: Crew) -> None:
    for _ in range(3):
        crew.done("POST", "{space}/deployments")
    for query, count in {
        "stage=SCHEDULING": 1,
        "stage=CANCELED": 2,
        "stage=ERROR": 0,
        "kind=push": 3,
        "kind=build": 0,
        "initiator=user": 3,
        "initiator=webhook": 0,
        "kind=push&stage=CANCELED&initiator=user": 2,
    }.items():
        assert len(crew.done("GET", f"/api/v1/jobs?{query}")["items"]) == count, query
    assert crew.ask("owner", "GET", "/api/v1/jobs?stage=running").status_code == 422
