"""Jobs by a timetable, and jobs begun by a webhook."""

import json
import time

import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError
from tests.localhub import spaces

EVERY_SECOND = "* * * * * *"


@pytest.fixture
def api(hub):
    return hub.api()


def schedule(api, timetable, code="1", **options):
    command = ["python", "-c", code]
    return api.create_scheduled_job(
        image="python:3.11", command=command, schedule=timetable, namespace="local", **options
    )


def until(condition, timeout=20):
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def jobs(api, count=1):
    return until(lambda: len(found := list(api.list_jobs(namespace="local"))) >= count and found)


def test_a_job_begins_when_it_is_due_and_says_what_began_it(api):
    scheduled = schedule(api, EVERY_SECOND)
    job = jobs(api, 2)[-1]
    assert (job.initiator.type, job.initiator.id) == ("scheduled-job", scheduled.id)
    status = api.inspect_scheduled_job(scheduled_job_id=scheduled.id, namespace="local").status
    assert status.last_job.id in {job.id for job in api.list_jobs(namespace="local")}
    assert status.next_job_run_at > status.last_job.at


def test_one_run_at_a_time_unless_told_otherwise(api):
    sleep = "import time; time.sleep(60)"
    alone = schedule(api, "@yearly", sleep)
    api.trigger_scheduled_job(scheduled_job_id=alone.id, namespace="local")
    with pytest.raises(HfHubHTTPError) as caught:
        api.trigger_scheduled_job(scheduled_job_id=alone.id, namespace="local")
    assert caught.value.response.status_code == 409
    together = schedule(api, "@yearly", sleep, concurrency=True)
    first, second = (api.trigger_scheduled_job(scheduled_job_id=together.id, namespace="local") for _ in range(2))
    assert first.id != second.id


def test_a_run_that_is_due_while_the_last_one_runs_is_left_out(api):
    schedule(api, EVERY_SECOND, "import time; time.sleep(60)")
    first = jobs(api)
    seen = time.monotonic()
    until(lambda: time.monotonic() > seen + 2)
    assert [job.id for job in api.list_jobs(namespace="local")] == [first[0].id]


def test_a_suspended_schedule_begins_nothing_until_it_is_resumed(api):
    scheduled = schedule(api, EVERY_SECOND, suspend=True)
    seen = time.monotonic()
    until(lambda: time.monotonic() > seen + 1.5)
    assert list(api.list_jobs(namespace="local")) == []
    api.resume_scheduled_job(scheduled_job_id=scheduled.id, namespace="local")
    jobs(api)
    api.suspend_scheduled_job(scheduled_job_id=scheduled.id, namespace="local")
    assert api.inspect_scheduled_job(scheduled_job_id=scheduled.id, namespace="local").suspend


def test_a_new_timetable_takes_effect_at_once(api):
    scheduled = schedule(api, "@yearly")
    api.update_scheduled_job_schedule(scheduled_job_id=scheduled.id, schedule=EVERY_SECOND, namespace="local")
    jobs(api)


def test_schedules_are_listed_by_label_and_deleted(api):
    scheduled = schedule(api, "@yearly", labels={"env": "prod"})
    schedule(api, "@yearly")
    assert [one.id for one in api.list_scheduled_jobs(labels={"env": "prod"}, namespace="local")] == [scheduled.id]
    api.update_scheduled_job_labels(scheduled_job_id=scheduled.id, labels={"env": "test"}, namespace="local")
    assert api.list_scheduled_jobs(labels={"env": "prod"}, namespace="local") == []
    api.delete_scheduled_job(scheduled_job_id=scheduled.id, namespace="local")
    with pytest.raises(JobNotFoundError):
        api.inspect_scheduled_job(scheduled_job_id=scheduled.id, namespace="local")


@pytest.mark.parametrize("timetable", ["soon", "99 * * * *", "0 0 31 2 *", "* * *"])
def test_a_timetable_that_never_comes_is_refused(api, timetable):
    with pytest.raises(BadRequestError):
        schedule(api, timetable)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_schedules_survive_and_go_on(hub, api, end):
    scheduled = schedule(api, EVERY_SECOND)
    jobs(api)
    port = hub.port
    getattr(hub, end)()
    hub.start(port=port)
    before = {job.id for job in api.list_jobs(namespace="local")}
    until(lambda: {job.id for job in api.list_jobs(namespace="local")} - before)
    assert api.inspect_scheduled_job(scheduled_job_id=scheduled.id, namespace="local").schedule == EVERY_SECOND


def test_a_webhook_begins_a_job_that_is_told_what_happened(api):
    code = "import os; print(os.environ['WEBHOOK_PAYLOAD']); print(os.environ['WEBHOOK_REPO_ID'], os.environ['TOKEN'])"
    source = api.run_job(
        image="python:3.11", command=["python", "-c", code], secrets={"TOKEN": "old"}, namespace="local"
    )
    webhook = api.create_webhook(
        job_id=source.id, watched=[{"type": "user", "name": "local"}], domains=["repo"], secrets={"TOKEN": "new"}
    )
    assert webhook.job.docker_image == "python:3.11"
    spaces.docker(api, "local/demo")
    job = jobs(api, 2)[0]
    assert (job.initiator.type, job.initiator.id) == ("webhook", webhook.id)
    *_, payload, told = api.fetch_job_logs(job_id=job.id, namespace="local", follow=True)
    assert json.loads(payload)["event"] == {"action": "create", "scope": "repo"}
    assert told == "local/demo new\n"
