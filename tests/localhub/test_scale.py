"""A thousand Spaces in one process. Times are measured by benchmarks/localhub_scale.py, not here."""

import sys
import time

import pytest
from tests.localhub import crowd, spaces


def test_a_listing_shows_every_change_at_once(hub):
    api = hub.api()

    def shown() -> dict:
        with hub.http() as client:
            return client.get("/api/spaces?full=true").json()[0]

    spaces.docker(api, "local/demo")
    assert shown()["runtime"]["stage"] == "NO_APP_FILE"
    sha = spaces.push_app(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=sha)
    assert (shown()["sha"], shown()["runtime"]["stage"]) == (sha, "RUNNING")
    api.request_space_hardware("local/demo", "t4-small", sleep_time=7200)
    hub.wait("local/demo", "RUNNING")
    assert shown()["runtime"]["gcTimeout"] == 7200
    api.move_repo("local/demo", "local/other", repo_type="space")
    assert shown()["id"] == "local/other"
    hub.fault(space="local/other", stuck_stage="BUILDING")
    assert shown()["runtime"]["stage"] == "BUILDING"
    hub.clear_faults()
    assert shown()["runtime"]["stage"] == "RUNNING"
    api.delete_repo("local/other", repo_type="space")
    assert list(api.list_spaces()) == []


@pytest.mark.scenario
@pytest.mark.timeout(300)
def test_a_thousand_spaces_are_served_by_one_process_in_less_than_300_mb(start, tmp_path):
    crowd.seed(tmp_path / "hub", 1000)
    hub = start("--api-quota", "100000", python=sys.executable)
    crowd.settled(hub, "RUNNING")
    shown = list(hub.api().list_spaces(full=True))
    assert len({space.host for space in shown}) == 1000
    assert crowd.memory(hub) < 300


@pytest.mark.scenario
@pytest.mark.timeout(300)
def test_five_hundred_builds_wait_for_their_turn_and_all_of_them_end(start, tmp_path):
    crowd.seed(tmp_path / "hub", 500, sdk="docker", stage="PAUSED")
    hub = start("--stub", "--builds-at-once", "2", "--api-quota", "100000")
    hub.fault(build_delay=0.02, count=None)
    began = time.monotonic()
    with hub.http() as client:
        for number in range(500):
            client.post(f"/api/spaces/local/demo-{number}/restart").raise_for_status()
        stages = [item["runtime"]["stage"] for item in client.get("/api/spaces?expand=runtime").json()]
    assert stages.count("BUILDING") > 10
    crowd.settled(hub, "RUNNING")
    # Two at a time, each at least 20 ms: without the limit they would end much sooner.
    assert time.monotonic() - began >= 500 * 0.02 / 2


def test_a_pretended_space_has_stages_logs_and_an_address(start):
    hub = start("--stub")
    api = hub.api()
    spaces.docker(api, "local/demo", space_hardware="t4-small")
    sha = spaces.push_app(api, "local/demo", dockerfile="FROM nothing:1\nRUN exit 1\n")
    runtime = hub.wait("local/demo", "RUNNING", sha=sha)
    assert runtime["hardware"]["current"] == "t4-small"
    assert "nothing is built" in hub.logs("local/demo")
    hub.fault(space="local/demo", build_error="disk full")
    second = spaces.push(api, "local/demo", one_txt="1")
    assert second != sha
    assert "disk full" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]
