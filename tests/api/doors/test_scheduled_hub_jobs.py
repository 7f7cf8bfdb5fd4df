"""Hub jobs by a timetable."""

from tests.api.doors.conftest import Crew
from tests.api.doors.hub_jobs import JOBS, SPEC, events, refusal, spec


def test_a_scheduled_job_lives_its_whole_life(crew: Crew, database) -> None:
    at = f"{JOBS}/scheduled"
    body = {"schedule": "@hourly", "job_spec": spec("import time; time.sleep(60)", labels={"case": crew.name})}
    made = crew.done("POST", at, body)
    one = f"{at}/{made['id']}"
    assert (made["schedule"], made["suspend"], made["concurrency"]) == ("@hourly", False, False)
    assert made["job_spec"]["command"][0] == "python"
    assert made["status"]["next_job_run_at"]
    assert [each["id"] for each in crew.done("GET", f"{at}?label=case={crew.name}")] == [made["id"]]
    crew.done("POST", f"{one}/suspend")
    assert crew.done("GET", one)["suspend"] is True
    crew.done("POST", f"{one}/resume")
    assert crew.done("GET", one)["suspend"] is False
    job = crew.done("POST", f"{one}/trigger")
    assert (job["initiator"]["type"], job["initiator"]["id"]) == ("scheduled-job", made["id"])
    answer = crew.ask("deployer", "POST", f"{one}/trigger")
    assert refusal(answer) == (409, "hub_conflict")
    assert "set `concurrency`" in answer.json()["detail"]
    assert crew.done("GET", one)["status"]["last_job"]["id"] == job["id"]
    crew.done("POST", f"{JOBS}/{job['id']}/cancel")
    crew.done("DELETE", one)
    assert refusal(crew.ask("owner", "GET", one)) == (404, "hub_not_found")
    for what in ("created", "suspended", "resumed", "triggered", "deleted"):
        assert events(database, f"scheduled_hub_job.{what}")[0]["schedule"] == made["id"]


def test_a_timetable_that_the_hub_refuses_comes_back_with_its_sentence(crew: Crew) -> None:
    answer = crew.ask("owner", "POST", f"{JOBS}/scheduled", {"schedule": "61 * * * *", "job_spec": SPEC})
    assert refusal(answer) == (422, "hub_refused")
    assert "is not valid" in answer.json()["detail"]
