"""Jobs: real commands, in real processes."""

import signal

import psutil
import pytest
from huggingface_hub import Volume
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError
from tests.localhub import spaces

IMAGE = "python:3.11"


@pytest.fixture
def api(hub):
    return hub.api()


def run(api, code, **options):
    return api.run_job(image=IMAGE, command=["python", "-c", code], namespace="local", **options)


def ended(api, job):
    return api.wait_for_job(job.id, namespace="local", poll_interval=0.05, timeout=30)


def running(api, job):
    return api.wait_for_job(job.id, namespace="local", poll_interval=0.05, timeout=30, stages=["RUNNING"])


def logs(api, job):
    return list(api.fetch_job_logs(job_id=job.id, namespace="local", follow=True))


def test_a_command_runs_with_its_environment_and_its_secrets(api):
    code = "import os; print(os.environ['COLOR'], os.environ['TOKEN'], os.environ['JOB_ID'])"
    job = run(api, code, env={"COLOR": "red"}, secrets={"TOKEN": "hidden"}, labels={"env": "test"})
    assert logs(api, job)[-1] == f"red hidden {job.id}\n"
    done = ended(api, job)
    assert (done.status.stage, done.status.message) == ("COMPLETED", None)
    assert (done.secrets, done.environment, done.labels["env"]) == (["TOKEN"], {"COLOR": "red"}, "test")
    assert (done.initiator.type, done.initiator.name) == ("user", "local")
    assert done.created_at <= done.started_at <= done.finished_at
    assert done.durations.total_secs >= done.durations.running_secs


def test_a_secret_is_in_no_answer(hub, api):
    job = run(api, "1", secrets={"TOKEN": "hidden"})
    with hub.http() as client:
        assert "hidden" not in client.get(f"/api/jobs/local/{job.id}").text + client.get("/api/jobs/local").text


def test_a_command_that_fails_is_an_error_with_its_exit_code(api):
    done = ended(api, run(api, "raise SystemExit(3)"))
    assert done.status.stage == "ERROR"
    assert "exit code: 3" in done.status.message


def test_a_job_is_tried_as_often_as_was_asked(hub, api):
    job = run(api, "print('tried'); raise SystemExit(1)", attempts=3)
    assert logs(api, job).count("tried\n") == 3
    assert ended(api, job).retry == 2
    with hub.http() as client:
        assert client.get(f"/api/jobs/local/{job.id}").json()["status"]["failureCount"] == 3


def test_a_job_that_takes_too_long_is_ended(api):
    done = ended(api, run(api, "import time; time.sleep(60)", timeout=1))
    assert done.status.stage == "ERROR"
    assert "timeout" in done.status.message


def test_a_canceled_job_ends_with_every_process_it_began(hub, api):
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    job = running(api, run(api, code))
    begun = working_in(hub)
    assert len(begun) >= 2
    api.cancel_job(job_id=job.id, namespace="local")
    assert api.inspect_job(job_id=job.id, namespace="local").status.stage == "CANCELED"
    _gone, alive = psutil.wait_procs(begun, timeout=10)
    assert not alive
    api.cancel_job(job_id=job.id, namespace="local")


def working_in(hub):
    """The processes that work in the folder of a job."""
    folder, found = str(hub.folder / "jobs"), []
    while len(found) < 2:
        found = [one for one in psutil.process_iter(["cwd"]) if (one.info["cwd"] or "").startswith(folder)]
    return found


def test_an_image_that_needs_an_engine_ends_in_an_error_that_says_so(api):
    job = api.run_job(image="node:20", command=["node"], namespace="local")
    done = ended(api, job)
    assert done.status.stage == "ERROR"
    assert "Docker engine" in done.status.message
    assert "Docker engine" in "".join(logs(api, job))


def test_a_job_runs_in_the_build_of_a_space(hub, api):
    spaces.docker(api, "local/demo")
    dockerfile = spaces.DOCKERFILE + "ENV BAKED=yes\n"
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo", dockerfile=dockerfile))
    code = "import os; print(os.environ['BAKED'], os.path.exists('app.py'))"
    image = "https://huggingface.co/spaces/local/demo"
    job = api.run_job(image=image, command=["python", "-c", code], namespace="local")
    assert logs(api, job)[-1] == "yes True\n"
    assert ended(api, job).space_id == "local/demo"


def test_a_bucket_outlives_the_job_that_filled_it(api):
    volume = Volume(type="bucket", source="local/data", mount_path="/data")
    ended(api, run(api, "open('/data/kept', 'w').write('kept')", volumes=[volume]))
    job = run(api, "print(open('/data/kept').read())", volumes=[volume])
    assert logs(api, job)[-1] == "kept\n"
    assert ended(api, job).volumes[0].mount_path == "/data"


def test_a_space_can_be_read_as_a_volume(api):
    spaces.docker(api, "local/demo")
    spaces.push_app(api, "local/demo")
    volume = Volume(type="space", source="local/demo", mount_path="/files")
    job = run(api, "import os; print(sorted(os.listdir('/files')))", volumes=[volume])
    assert "app.py" in logs(api, job)[-1]


def test_a_uv_command_runs_without_uv(api):
    job = api.run_job(
        image="ghcr.io/astral-sh/uv:python3.12-bookworm",
        command=["uv", "run", "--python", "3.11", "python", "-c", "print(6 * 7)"],
        namespace="local",
    )
    assert logs(api, job)[-1] == "42\n"


def test_a_rerun_names_the_job_it_was_copied_from(api):
    first = run(api, "import os; print(os.environ['TOKEN'])", secrets={"TOKEN": "kept"})
    second = api.rerun_job(job_id=first.id, namespace="local")
    assert (second.initiator.type, second.initiator.id) == ("duplicated-job", first.id)
    assert logs(api, second)[-1] == "kept\n"


def test_jobs_are_listed_newest_first_by_stage_and_label(hub, api):
    red = ended(api, run(api, "1", labels={"color": "red"}))
    blue = ended(api, run(api, "raise SystemExit(1)", labels={"color": "blue", "name": "x"}))
    assert [job.id for job in api.list_jobs(namespace="local")] == [blue.id, red.id]
    assert [job.id for job in api.list_jobs(namespace="local", status="COMPLETED")] == [red.id]
    assert [job.id for job in api.list_jobs(namespace="local", labels={"color": "blue"})] == [blue.id]
    with hub.http() as client:
        assert client.get("/api/jobs/local/count", params={"stage": "ERROR"}).json() == {"count": 1}


def test_a_long_list_comes_in_pages(hub, api):
    for _ in range(101):
        api.run_job(image="node:20", command=["node"], namespace="local")
    with hub.http() as client:
        first = client.get("/api/jobs/local")
    assert len(first.json()) == 100
    assert 'rel="next"' in first.headers["link"]
    assert len(list(api.list_jobs(namespace="local"))) == 101


def test_labels_and_ports_are_replaced(api):
    job = running(api, run(api, "import time; time.sleep(60)", labels={"a": "1"}))
    assert api.update_job_labels(job_id=job.id, labels={"b": "2"}, namespace="local").labels == {"b": "2"}
    exposed = api.update_job_expose(job_id=job.id, expose=[8000], expose_public=[9000], namespace="local")
    assert (exposed.expose, exposed.expose_public) == ([8000, 9000], [9000])
    assert exposed.status.expose_urls == ["http://127.0.0.1:8000", "http://127.0.0.1:9000"]


def test_what_a_running_job_uses_is_measured(api):
    job = running(api, run(api, "hold = bytearray(50_000_000)\nwhile True: pass"))
    (sample,) = api.fetch_job_metrics(job_id=job.id, namespace="local")
    assert sample["cpu_usage_pct"] > 0
    assert sample["memory_used_bytes"] > 50_000_000
    api.cancel_job(job_id=job.id, namespace="local")
    assert list(api.fetch_job_metrics(job_id=job.id, namespace="local")) == []


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_jobs_end_with_localhub_and_are_remembered_as_failed(hub, api, end):
    before = ended(api, run(api, "print('kept')"))
    job = running(api, run(api, "import time; time.sleep(60)\n" * 2))
    left = [one for one in psutil.process_iter(["cwd"]) if (one.info["cwd"] or "").startswith(str(hub.folder / "jobs"))]
    port = hub.port
    getattr(hub, end)()
    hub.start(port=port)
    _gone, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
    lost = api.inspect_job(job_id=job.id, namespace="local")
    assert lost.status.stage == "ERROR"
    assert "localhub ended" in lost.status.message
    assert api.inspect_job(job_id=before.id, namespace="local").status.stage == "COMPLETED"
    assert logs(api, before)[-1] == "kept\n"


def test_jobs_are_for_members_who_may_write_and_can_pay(start):
    users = ("--user", "local:hf_local", "--user", "eve:hf_eve", "--user", "poor:hf_poor:free")
    hub = start(*users, "--token", "local:hf_read:read", "--org", "acme:team:local=write,eve=read")
    refused = {"hf_eve": ("local", 403), "hf_read": ("local", 403), "hf_poor": ("poor", 402)}
    for token, (namespace, status) in refused.items():
        with pytest.raises(HfHubHTTPError) as caught:
            hub.api(token).run_job(image=IMAGE, command=["python"], namespace=namespace)
        assert caught.value.response.status_code == status
    job = hub.api().run_job(image=IMAGE, command=["python", "-c", "1"], namespace="acme")
    assert (job.owner.name, job.owner.type, job.initiator.name) == ("acme", "org", "local")
    assert hub.api("hf_eve").inspect_job(job_id=job.id, namespace="acme").id == job.id
    with pytest.raises(HfHubHTTPError):
        hub.api("hf_eve").cancel_job(job_id=job.id, namespace="acme")


def test_an_unknown_job_is_named_as_such(api):
    with pytest.raises(JobNotFoundError):
        api.inspect_job(job_id="0" * 24, namespace="local")


def test_what_a_job_cannot_be_given_is_refused(api):
    with pytest.raises(BadRequestError, match="SSH"):
        run(api, "1", ssh=True)
    with pytest.raises(BadRequestError, match="flavor"):
        run(api, "1", flavor="quantum")


def test_a_job_that_kills_itself_is_an_error(api):
    done = ended(api, run(api, f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"))
    assert "exit code: 137" in done.status.message
