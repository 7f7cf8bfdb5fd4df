"""Hardware, sleep, replicas: numbers here, with the rules of the Hub."""

import pytest
from huggingface_hub.errors import BadRequestError
from tests.localhub import spaces


@pytest.fixture
def running(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    return api


def replicas(hub, count: object, repo_id: str = "local/demo") -> int:
    with hub.http() as client:
        return client.post(f"/api/spaces/{repo_id}/replicas", json={"replicas": count}).status_code


def test_paid_hardware_sleeps_after_the_time_it_was_given_and_wakes_on_a_visit(hub, running):
    running.request_space_hardware("local/demo", "t4-small", sleep_time=1)
    runtime = hub.wait("local/demo", "SLEEPING")
    assert "sha" not in runtime
    assert runtime["hardware"] == {"current": None, "requested": "t4-small"}
    shown = spaces.visit(runtime)
    assert shown["env"]["ACCELERATOR"] == "t4-small"
    assert hub.runtime("local/demo")["stage"] == "RUNNING"


def test_paid_hardware_never_sleeps_when_it_was_told_not_to(start):
    hub = start("--idle-timeout", "1")
    api = hub.api()
    # The free one beside it shows that the time for it has passed.
    for name, options in (("paid", {"space_hardware": "t4-small", "space_sleep_time": -1}), ("free", {})):
        spaces.docker(api, f"local/{name}", **options)
        hub.wait(f"local/{name}", "RUNNING", sha=spaces.push_app(api, f"local/{name}"))
    hub.wait("local/free", "SLEEPING")
    assert hub.runtime("local/paid")["stage"] == "RUNNING"
    assert hub.runtime("local/paid")["gcTimeout"] is None


def test_a_sleeping_space_wakes_with_a_restart_and_with_a_push(hub, running):
    running.request_space_hardware("local/demo", "t4-small", sleep_time=1)
    hub.wait("local/demo", "SLEEPING")
    running.restart_space("local/demo")
    hub.wait("local/demo", "RUNNING")
    hub.wait("local/demo", "SLEEPING")
    running.set_space_sleep_time("local/demo", -1)
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(running, "local/demo", "2"))


def test_replicas_are_a_number_and_need_paid_hardware(hub, running):
    assert replicas(hub, 2) == 400
    running.request_space_hardware("local/demo", "t4-small")
    hub.wait("local/demo", "RUNNING")
    assert replicas(hub, 3) == 200
    assert hub.runtime("local/demo")["replicas"] == {"requested": 3, "current": 3}
    for wrong in (0, -1, "many", True, None):
        assert replicas(hub, wrong) == 400


def test_a_restart_uses_what_is_cached_and_a_factory_reboot_nothing(start, tmp_path):
    hub = start()
    api = hub.api()
    spaces.docker(api, "local/demo")
    dockerfile = "FROM python:3.11\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    sha = spaces.push_app(api, "local/demo", dockerfile=f"{dockerfile}CMD python app.py\n", requirements_txt="\n")
    hub.wait("local/demo", "RUNNING", sha=sha)
    for factory, cached in ((False, True), (True, False)):
        assert api.restart_space("local/demo", factory_reboot=factory).stage == "BUILDING"
        hub.wait("local/demo", "RUNNING", sha=sha)
        assert ("CACHED\n" in list(api.fetch_space_logs("local/demo", build=True))) is cached


def test_the_readme_may_give_an_app_less_time_to_start(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    readme = "---\ntitle: Demo\nsdk: docker\nstartup_duration_timeout: 1s\n---\n"
    spaces.push(
        api, "local/demo", README_md=readme, Dockerfile=spaces.DOCKERFILE, app_py="input = __import__('time').sleep(60)"
    )
    assert "not healthy after 1 s" in hub.wait("local/demo", "RUNTIME_ERROR")["errorMessage"]


def test_the_old_app_serves_while_a_new_one_starts_and_ends_when_it_fails(hub, running):
    slow = "import time; time.sleep(1); raise SystemExit('too bad')"
    sha = spaces.push(running, "local/demo", app_py=slow)
    between = hub.wait("local/demo", "RUNNING_APP_STARTING")
    assert between["sha"] != sha
    assert spaces.visit(between)["version"] == "1"
    assert "too bad" in hub.wait("local/demo", "RUNTIME_ERROR")["errorMessage"]


def test_static_spaces_have_none_of_this(hub):
    api = hub.api()
    api.create_repo("local/page", repo_type="space", space_sdk="static")
    assert replicas(hub, 2, "local/page") == 400
    for change in (api.pause_space, api.restart_space, api.enable_space_dev_mode, api.delete_space_volumes):
        with pytest.raises(BadRequestError):
            change("local/page")
