"""Pause, restart, hardware, sleep."""

import httpx
import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError
from tests.localhub import spaces


@pytest.fixture
def running(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    return api


def test_a_paused_space_answers_503_until_it_is_restarted(hub, running):
    assert running.pause_space("local/demo").stage == "PAUSED"
    address = running.space_info("local/demo").host
    hub.wait("local/demo", "PAUSED")
    answer = httpx.get(address, trust_env=False)
    assert answer.status_code == 503
    assert "PAUSED" in answer.text
    assert running.restart_space("local/demo").stage == "BUILDING"
    assert spaces.visit(hub.wait("local/demo", "RUNNING"))["version"] == "1"


def test_a_push_does_not_start_a_paused_space(hub, running):
    running.pause_space("local/demo")
    sha = spaces.push_app(running, "local/demo", "2")
    assert running.get_space_runtime("local/demo").stage == "PAUSED"
    running.restart_space("local/demo")
    assert spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["version"] == "2"


def test_a_factory_reboot_builds_with_nothing_cached(hub, running):
    running.restart_space("local/demo", factory_reboot=True)
    hub.wait("local/demo", "RUNNING")
    assert "CACHED" not in hub.logs("local/demo")


def test_new_hardware_is_requested_first_and_current_once_it_runs(hub, running):
    asked = running.request_space_hardware("local/demo", "t4-small", sleep_time=3600)
    assert (asked.stage, asked.hardware, asked.requested_hardware) == ("RUNNING_BUILDING", "cpu-basic", "t4-small")
    runtime = hub.wait("local/demo", "RUNNING")
    assert runtime["hardware"] == {"current": "t4-small", "requested": "t4-small"}
    assert runtime["gcTimeout"] == 3600
    assert running.set_space_sleep_time("local/demo", -1).sleep_time is None


def test_paid_hardware_is_not_for_those_who_cannot_pay(start):
    hub = start("--user", "poor:hf_poor:free", "--user", "local:hf_local", "--org", "club:free:local=admin")
    with pytest.raises(HfHubHTTPError) as caught:
        spaces.docker(hub.api(), "club/demo")
    assert caught.value.response.status_code == 402


@pytest.mark.parametrize("flavor", ["cpu-basic", "zero-a10g"])
def test_the_sleep_time_of_free_hardware_is_not_configurable(hub, flavor):
    api = hub.api()
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio", space_hardware=flavor)
    with pytest.raises(BadRequestError, match="not configurable"):
        api.set_space_sleep_time("local/demo", 3600)


def test_zerogpu_is_for_gradio_spaces_alone(hub, running):
    with pytest.raises(BadRequestError, match="Gradio"):
        running.request_space_hardware("local/demo", "zero-a10g")
    with pytest.raises(BadRequestError, match="Gradio"):
        spaces.docker(hub.api(), "local/other", space_hardware="zero-a10g")
    assert running.get_space_runtime("local/demo").requested_hardware == "cpu-basic"


def test_a_custom_domain_is_shown_in_its_stage(hub, running):
    hub.custom_domain("local/demo", "app.example.com", "PENDING")
    hub.custom_domain("local/demo", "app.example.com", "READY")
    own, custom = running.get_space_runtime("local/demo").raw["domains"]
    assert "isCustom" not in own
    assert custom == {"domain": "app.example.com", "isCustom": True, "stage": "READY"}


def test_unknown_hardware_is_refused(running):
    with pytest.raises(BadRequestError):
        running.request_space_hardware("local/demo", "quantum")


def test_the_hardware_can_be_listed(hub):
    assert {"cpu-basic", "t4-small"} <= {item.name for item in hub.api().list_spaces_hardware()}


def test_an_idle_space_sleeps_and_wakes_on_a_visit(start):
    hub = start("--idle-timeout", "1")
    api = hub.api()
    spaces.docker(api, "local/demo")
    spaces.push_app(api, "local/demo")
    runtime = hub.wait("local/demo", "SLEEPING")
    assert spaces.visit(runtime)["version"] == "1"
    assert api.get_space_runtime("local/demo").stage == "RUNNING"


def test_static_spaces_cannot_be_paused(hub):
    api = hub.api()
    api.create_repo("local/page", repo_type="space", space_sdk="static")
    with pytest.raises(BadRequestError):
        api.pause_space("local/page")


def test_deleting_a_running_space_ends_its_app(hub, running):
    address = running.space_info("local/demo").host
    running.delete_repo("local/demo", repo_type="space")
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_private_app_is_for_members_with_a_token(hub, running):
    running.update_repo_settings("local/demo", repo_type="space", visibility="private")
    address = running.space_info("local/demo").host
    assert httpx.get(address, trust_env=False).status_code == 404
    token = {"Authorization": "Bearer hf_local"}
    assert httpx.get(address, headers=token, trust_env=False).status_code == 200


def test_a_push_during_a_build_replaces_it(hub, running):
    hub.fault(space="local/demo", build_delay=30)
    spaces.push_app(running, "local/demo", "2")
    sha = spaces.push_app(running, "local/demo", "3")
    assert spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["version"] == "3"
