"""Scripted misfortune."""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest
from tests.localhub import spaces


def test_a_fault_answers_as_often_as_it_was_asked_to(hub):
    hub.fault(method="GET", path="whoami", status=503, headers={"Retry-After": "1"}, count=2)
    with hub.http() as client:
        answers = [client.get("/api/whoami-v2") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "1"


def test_a_fault_can_be_taken_back(hub):
    hub.fault(path="whoami", status=500, count=None)
    hub.clear_faults()
    assert hub.api().whoami()["name"] == "local"


@pytest.mark.parametrize(("drop", "effect"), [("before", False), ("after", True)])
def test_an_answer_lost_after_the_effect_leaves_the_effect_and_one_lost_before_leaves_none(hub, drop, effect):
    api = hub.api()
    spaces.docker(api, "local/demo")
    before = api.space_info("local/demo").sha
    hub.fault(method="POST", path="/commit/", drop=drop)
    with pytest.raises(Exception, match=r"(?i)disconnected|closed|reset"):
        spaces.push_app(api, "local/demo")
    assert (api.space_info("local/demo").sha != before) is effect


def test_a_log_stream_can_be_cut_and_the_client_goes_on_without_losing_a_line(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    whole = list(api.fetch_space_logs("local/demo", build=True, follow=True))
    hub.fault(path="/logs/build", cut_after=4)
    assert list(api.fetch_space_logs("local/demo", build=True, follow=True)) == whole


def test_a_call_can_be_slow(hub):
    hub.fault(path="whoami", delay=0.5)
    began = time.monotonic()
    hub.api().whoami()
    assert time.monotonic() - began >= 0.5


def test_a_stage_can_be_stuck_with_the_old_commit(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    first = spaces.push_app(api, "local/demo", "1")
    hub.wait("local/demo", "RUNNING", sha=first)
    hub.fault(space="local/demo", stuck_stage="RUNNING")
    second = spaces.push_app(api, "local/demo", "2")
    assert api.get_space_runtime("local/demo").raw["sha"] == first
    hub.clear_faults()
    hub.wait("local/demo", "RUNNING", sha=second)


def test_a_build_can_be_made_to_fail(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.fault(space="local/demo", build_error="disk full")
    spaces.push_app(api, "local/demo")
    assert "disk full" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]


def test_a_build_can_be_slow(hub):
    api = hub.api()
    for name in ("slow", "quick"):
        api.create_repo(f"local/{name}", repo_type="space", space_sdk="static")
        hub.wait(f"local/{name}", "RUNNING")
    hub.fault(space="local/slow", build_delay=60)
    shas = {name: spaces.push(api, f"local/{name}", index_html="2") for name in ("slow", "quick")}
    hub.wait("local/quick", "RUNNING", sha=shas["quick"])
    assert hub.runtime("local/slow")["sha"] != shas["slow"]


def test_a_fault_can_be_kept_to_one_space(hub):
    api = hub.api()
    for name in ("one", "other"):
        api.create_repo(f"local/{name}", repo_type="space", space_sdk="static")
    hub.fault(space="local/one", path="/runtime$", status=500, count=None)
    with hub.http() as client:
        answers = [client.get(f"/api/spaces/local/{name}/runtime").status_code for name in ("other", "one", "one")]
    assert answers == [200, 500, 500]


def test_a_registry_can_be_made_to_refuse_the_base_image(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.fault(space="local/demo", registry_status=429)
    sha = spaces.push_app(api, "local/demo")
    assert "429 Too Many Requests" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]
    assert "registry-1.docker.io" in hub.logs("local/demo")
    api.restart_space("local/demo")
    hub.wait("local/demo", "RUNNING", sha=sha)


def test_an_answer_can_carry_a_wrong_date(hub):
    hub.fault(path="whoami", date_shift=-7200)
    with hub.http() as client:
        wrong, right = (parsedate_to_datetime(client.get("/api/whoami-v2").headers["date"]) for _ in range(2))
    assert timedelta(hours=1, minutes=59) < right - wrong < timedelta(hours=2, minutes=1)


def test_a_log_read_under_a_date_of_the_past_ends_where_the_client_thinks_the_present_is(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    assert list(api.fetch_space_logs("local/demo", build=True))
    hub.fault(path="/logs/build", date_shift=-7200)
    assert list(api.fetch_space_logs("local/demo", build=True)) == []


def test_an_unknown_fault_is_refused(hub):
    for wrong in ({"colour": "red"}, {"path": "("}, {"registry_status": 7}):
        with pytest.raises(httpx.HTTPStatusError):
            hub.fault(**wrong)
