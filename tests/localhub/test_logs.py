"""Log streams."""

import json
import threading

import pytest
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    return api


def test_a_build_log_is_followed_from_its_start_to_its_end(hub, api):
    hub.fault(space="local/demo", build_delay=1)
    sha = spaces.push_app(api, "local/demo")
    lines = list(api.fetch_space_logs("local/demo", build=True, follow=True))
    assert lines[0].startswith("===== Build Queued at ")
    assert lines[0].endswith(f"/ Commit SHA: {sha[:7]} =====\n\n")
    assert "--> USER user\n" in lines


def test_a_run_log_stays_open_while_the_app_runs(hub, api):
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    stream = iter(api.fetch_space_logs("local/demo", follow=True))
    assert next(stream).startswith("===== Application Startup at ")
    assert next(stream) == "app 1 starts\n"
    ended = threading.Event()

    def read_on():
        list(stream)
        ended.set()

    threading.Thread(target=read_on, daemon=True).start()
    assert not ended.is_set()
    api.pause_space("local/demo")
    assert ended.wait(10)


def test_frames_are_those_of_the_hub(hub, api):
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    with hub.http() as client:
        answer = client.get("/api/spaces/local/demo/logs/build")
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [frame for frame in answer.text.split("\n\n") if frame.startswith("data: {")]
    first = json.loads(frames[0].removeprefix("data: "))
    assert set(first) == {"data", "timestamp"}
    assert first["timestamp"][-5] == "."
    assert first["timestamp"].endswith("Z")


def test_only_the_tail_is_sent_when_asked(hub, api):
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    with hub.http() as client:
        answer = client.get("/api/spaces/local/demo/logs/build", params={"tail": 2})
    assert answer.text.count("data: {") == 2


def test_logs_are_not_for_strangers(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    spaces.docker(hub.api(), "local/demo")
    with hub.http("hf_eve") as client:
        assert client.get("/api/spaces/local/demo/logs/run").status_code == 403
