"""Hub jobs at the REST door, run by a real Hub on loopback."""

import json
from typing import Any

from tests.api.doors.conftest import Crew
from tests.api.doors.hub_jobs import JOBS, KEPT, SPEC, ended, events, frames, refusal, spec, started
from tests.localhub_server import LocalHub


def test_a_job_is_told_with_everything_that_the_hub_says_about_it(crew: Crew, hub: LocalHub) -> None:
    given = {
        "environment": {"COLOR": "red"},
        "arguments": ["x"],
        "labels": {"env": "test"},
        "timeout_seconds": 60,
        "attempts": 2,
        "flavor": "cpu-upgrade",
        "volumes": [{"type": "bucket", "source": "local/data", "mount_path": "/data", "read_only": False}],
        "expose": {"ports": [8000], "ports_public": [8000]},
        "arch": "amd64",
    }
    job = ended(crew, started(crew, **given))
    with hub.http() as client:
        raw = client.get(f"/api/jobs/local/{job['id']}").json()
    assert job["status"] == {
        "stage": "COMPLETED",
        "message": None,
        "cancel_reason": None,
        "failure_count": 0,
        "expose_urls": None,
        "ssh_url": None,
    }
    assert job["initiator"] == {
        "type": "user",
        "id": raw["initiator"]["id"],
        "name": "local",
        "avatar_url": "/avatar.svg",
    }
    assert set(job["durations"]) == {"scheduling_secs", "running_secs", "total_secs"}
    assert job["volumes"][0] | {"path": None, "revision": None} == given["volumes"][0] | {
        "path": None,
        "revision": None,
    }
    assert (job["environment"], job["labels"], job["timeout"], job["retry"]) == (
        {"COLOR": "red"},
        {"env": "test"},
        60,
        1,
    )
    assert job["expose"] == given["expose"]
    assert job["url"] == f"{hub.url}/jobs/local/{job['id']}"
    # Whatever the Hub said is there, and nothing that it did not say.
    assert {name.replace("_", "") for name, value in job.items() if value is not None} == {
        name.lower() for name in raw
    } | {"url"}


def test_a_secret_reaches_the_job_and_no_answer_event_or_kept_answer(crew: Crew, database) -> None:
    owner = crew.people["owner"]
    body = spec("import os; print(len(os.environ['TOKEN']))", secrets={"TOKEN": "hidden-value"})
    answer = owner.api.post(JOBS, json=body, headers=owner.headers | {"Idempotency-Key": "once"})
    again = owner.api.post(JOBS, json=body, headers=owner.headers | {"Idempotency-Key": "once"})
    assert answer.json() == again.json()
    job = ended(crew, answer.json())
    assert job["secrets"] == ["TOKEN"]
    assert frames(crew, job)[-2]["data"]["line"] == "12"
    with database.unit_of_work() as session:
        rows = session.execute(KEPT).scalars().all()
    assert "hidden-value" not in json.dumps(job) + answer.text + str(rows)
    refused = owner.api.post(JOBS, json=body | {"flavor": "NO"}, headers=owner.headers)
    assert "hidden-value" not in refused.text


def test_who_started_a_job_is_told_and_can_be_filtered_by(crew: Crew, hub: LocalHub, database) -> None:
    first = ended(crew, started(crew, labels={"case": crew.name}))
    second = crew.done("POST", f"{JOBS}/{first['id']}/rerun")
    assert second["initiator"] == {"type": "duplicated-job", "id": first["id"], "name": None, "avatar_url": None}
    ended(crew, second)

    def listed(query: str) -> list[str]:
        return [job["id"] for job in crew.done("GET", f"{JOBS}?label=case={crew.name}&{query}")["items"]]

    assert listed("") == [second["id"], first["id"]]
    assert listed("initiator=duplicated-job") == [second["id"]]
    assert listed("initiator=user") == [first["id"]]
    assert listed("initiator=webhook") == []
    assert listed("stage=COMPLETED&stage=ERROR") == [second["id"], first["id"]]
    assert listed("stage=RUNNING") == []
    assert [event["job"] for event in events(database, "hub_job.rerun")] == [second["id"]]


def test_a_page_may_be_empty_and_not_the_last_when_the_initiator_is_filtered(crew: Crew, hub: LocalHub) -> None:
    body = {"dockerImage": "none", "command": ["x"], "flavor": "cpu-basic", "labels": {"paged": crew.name}}
    with hub.http() as client:
        jobs = [client.post("/api/jobs/local", json=body).json() for _ in range(101)]
    first = crew.ask("viewer", "GET", f"{JOBS}?label=paged={crew.name}&initiator=webhook")
    assert first.json()["items"] == []
    following = first.json()["next_cursor"]
    assert f"cursor={following}" in first.headers["Link"]
    assert "initiator=webhook" in first.headers["Link"]
    second = crew.done("GET", f"{JOBS}?label=paged={crew.name}&cursor={following}")
    assert ([job["id"] for job in second["items"]], second["next_cursor"]) == ([jobs[0]["id"]], None)


def test_a_job_is_canceled_and_told_apart_by_its_labels(crew: Crew, database) -> None:
    job = started(crew, "import time; time.sleep(60)")
    labeled = crew.done("PUT", f"{JOBS}/{job['id']}/labels", {"labels": {"a": "1"}})
    assert labeled["labels"] == {"a": "1"}
    assert crew.done("POST", f"{JOBS}/{job['id']}/cancel")["status"]["stage"] == "CANCELED"
    assert ended(crew, job)["status"]["stage"] == "CANCELED"
    for kind in ("hub_job.started", "hub_job.labeled", "hub_job.canceled"):
        [event] = events(database, kind)
        assert (event["job"], event["namespace"]) == (job["id"], "local")


def test_hardware_has_prices(crew: Crew) -> None:
    flavors = {flavor["name"]: flavor for flavor in crew.done("GET", f"{JOBS}/hardware")}
    assert flavors["t4-small"]["accelerator"]["model"] == "T4"
    assert flavors["cpu-basic"]["unit_cost_usd"] > 0
    assert flavors["cpu-basic"]["unit_cost_micro_usd"] > 0


def test_an_organisations_jobs_are_apart_from_the_users(crew: Crew) -> None:
    job = crew.done("POST", f"{JOBS}?namespace=acme", spec())
    assert job["owner"]["name"] == "acme"
    assert crew.ask("owner", "GET", f"{JOBS}/{job['id']}").status_code == 404
    assert crew.done("GET", f"{JOBS}/{job['id']}?namespace=acme")["id"] == job["id"]


def test_what_the_hub_does_not_know_is_not_found(crew: Crew) -> None:
    for method, path in (
        ("GET", "/{id}"),
        ("GET", "/{id}/logs"),
        ("POST", "/{id}/cancel"),
        ("POST", "/{id}/rerun"),
        ("PUT", "/{id}/labels"),
        ("GET", "/scheduled/{id}"),
        ("POST", "/scheduled/{id}/suspend"),
        ("POST", "/scheduled/{id}/resume"),
        ("POST", "/scheduled/{id}/trigger"),
        ("DELETE", "/scheduled/{id}"),
    ):
        body = {"labels": {}} if method == "PUT" else None
        answer = crew.ask("owner", method, JOBS + path.replace("{id}", "0" * 24), body)
        assert refusal(answer) == (404, "hub_not_found"), (method, path)


def test_what_the_hub_refuses_keeps_its_status_and_its_words(crew: Crew, hub: LocalHub) -> None:
    def refused(body: dict[str, Any], query: str = "") -> tuple[int, str]:
        return refusal(crew.ask("owner", "POST", JOBS + query, body))

    assert refused(SPEC | {"flavor": "abacus"}) == (422, "hub_refused")
    assert refused(SPEC, "?namespace=nobody") == (403, "hub_forbidden")
    assert refusal(crew.ask("owner", "GET", f"{JOBS}?namespace=nobody")) == (403, "hub_forbidden")
    for status, expected in ((402, (402, "hub_payment_required")), (429, (429, "hub_rate_limited"))):
        hub.fault(method="POST", path="/api/jobs/local", status=status, message="Pre-paid credits", count=1)
        answer = crew.ask("owner", "POST", JOBS, SPEC)
        assert refusal(answer) == expected
        assert "Pre-paid credits" in answer.json()["detail"]
    for fault in ({"status": 503}, {"drop": "before"}):
        hub.fault(method="GET", path="/api/jobs/local", count=1, **fault)
        assert refusal(crew.ask("owner", "GET", JOBS)) == (502, "hub_unavailable")


def test_a_job_that_cannot_be_is_refused_before_the_hub_is_asked(crew: Crew, hub: LocalHub) -> None:
    before = len(hub.calls(path="/api/jobs/"))
    for wrong in (
        {"space_id": "local/x"},
        {"docker_image": None},
        {"command": []},
        {"environment": {"1X": "y"}},
        {"environment": {"X": "a\0b"}},
        {"labels": {"a b": "c"}},
        {"timeout_seconds": 0},
        {"unknown": 1},
    ):
        assert refusal(crew.ask("owner", "POST", JOBS, SPEC | wrong)) == (422, "request_invalid"), wrong
    assert len(hub.calls(path="/api/jobs/")) == before


def test_each_call_costs_the_hub_one_and_nobody_is_asked_who_they_are(crew: Crew, hub: LocalHub) -> None:
    job = ended(crew, started(crew))
    last = max(call["number"] for call in hub.calls())
    crew.done("GET", f"{JOBS}/{job['id']}")
    crew.done("GET", JOBS)
    frames(crew, job)
    paths = [call["path"] for call in hub.calls(after=last)]
    one = f"/api/jobs/local/{job['id']}"
    assert paths == [one, "/api/jobs/local", one, f"{one}/logs"]


def test_two_teams_with_the_same_hub_user_see_the_same_jobs(crew: Crew, hub: LocalHub) -> None:
    """Each has stored a token of its own: what it may see, the Hub decides."""
    job = started(crew)
    stranger = crew.people["stranger"]
    assert stranger.get(f"{JOBS}/{job['id']}").json()["code"] == "no_hub_account"
    stranger.post("/api/v1/hub-accounts", {"token": hub.token})
    assert stranger.get(f"{JOBS}/{job['id']}").status_code == 200
    borrowed = stranger.get(f"{JOBS}/{job['id']}?hub_account_id={crew.ids['account']}")
    assert refusal(borrowed) == (404, "hub_account_not_found")
