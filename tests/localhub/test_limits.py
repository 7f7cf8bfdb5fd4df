"""Rate limits, and the list of calls."""

import time

import pytest
from huggingface_hub.errors import HfHubHTTPError
from tests.localhub import spaces
from tests.localhub_server import LocalHub


def test_every_answer_tells_how_much_is_left(hub):
    with hub.http() as client:
        first, second = (client.get("/api/whoami-v2") for _ in range(2))
    assert first.headers["ratelimit"].startswith('"api";r=2499;t=')
    assert second.headers["ratelimit"].startswith('"api";r=2498;t=')
    assert first.headers["ratelimit-policy"] == '"fixed window";"api";q=2500;w=300'
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(
    ("plan", "api", "resolvers", "pages"),
    [
        ("free", 1_000, 5_000, 200),
        ("pro", 2_500, 12_000, 400),
        ("team", 3_000, 20_000, 400),
        ("academia", 3_000, 20_000, 400),
        ("enterprise", 6_000, 50_000, 600),
        ("plus", 10_000, 100_000, 1_000),
        (None, 500, 3_000, 100),
    ],
)
def test_each_plan_has_its_quota_of_each_kind_of_call(start, plan, api, resolvers, pages):
    hub = start("--user", f"local:hf_local:{plan or 'pro'}")
    headers = {} if plan else {"Authorization": ""}
    with hub.http() as client:
        told = [
            client.get(path, headers=headers).headers["ratelimit-policy"]
            for path in ("/api/spaces", "/spaces/local/none/resolve/main/x", "/")
        ]
    assert told == [
        f'"fixed window";"api";q={api};w=300',
        f'"fixed window";"resolvers";q={resolvers};w=300',
        f'"fixed window";"pages";q={pages};w=300',
    ]


def test_the_quota_is_each_callers_own_and_comes_back_with_the_next_window(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve", "--api-quota", "1", "--rate-window", "2")
    with hub.http() as mine, hub.http("hf_eve") as hers:
        while mine.get("/api/whoami-v2").status_code != 429:
            pass
        # Read in one window: what is hers is hers, however much of mine is used up.
        assert "r=0" in hers.get("/api/whoami-v2").headers["ratelimit"]
        deadline = time.monotonic() + 10
        while mine.get("/api/whoami-v2").status_code == 429:
            assert time.monotonic() < deadline


def test_beyond_the_quota_is_429_with_the_time_to_wait(start):
    hub = start("--api-quota", "2", "--rate-window", "3600")
    with hub.http() as client:
        answers = [client.get("/api/whoami-v2") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 3600
    assert "r=0" in answers[2].headers["ratelimit"]


def test_calls_are_counted_without_tokens(hub):
    hub.api().whoami()
    (call,) = hub.calls(path="whoami")
    assert (call["method"], call["path"], call["user"], call["status"]) == ("GET", "/api/whoami-v2", "local", 200)
    assert call["token"] == "…"
    assert call["ms"] > 0
    assert call["at"].startswith("20")
    assert "hf_local" not in str(hub.calls())
    hub.clear_calls()
    assert hub.calls() == []


def test_two_tokens_of_one_user_can_be_told_apart_in_the_calls(start):
    secrets = ("hf_first_of_local_1111", "hf_second_of_local_2222")
    hub = start("--user", f"local:{secrets[0]}", "--token", f"local:{secrets[1]}:read", token=secrets[0])
    for secret in secrets:
        hub.api(secret).whoami()
    assert [call["token"] for call in hub.calls(path="whoami")] == ["…1111", "…2222"]
    assert not any(secret in str(hub.calls()) for secret in secrets)


def test_refused_and_anonymous_calls_are_in_the_list_too(hub):
    with hub.http("hf_wrong") as client:
        client.get("/api/whoami-v2")
        client.post("/api/nothing", headers={"Authorization": ""})
    assert [(call["method"], call["path"], call["status"], call["user"], call["token"]) for call in hub.calls()] == [
        ("GET", "/api/whoami-v2", 401, None, None),
        ("POST", "/api/nothing", 404, None, None),
    ]


def test_waiting_for_a_stage_costs_no_calls(hub):
    spaces.docker(hub.api(), "local/demo")
    before = len(hub.calls())
    hub.wait("local/demo", "NO_APP_FILE")
    assert len(hub.calls()) == before


def test_without_admin_there_is_no_way_in(tmp_path):
    hub = LocalHub(tmp_path / "hub", admin=False)
    try:
        with hub.http() as client:
            assert client.get("/_localhub/calls").status_code == 404
            assert client.post("/_localhub/faults", json={}).status_code == 404
    finally:
        hub.stop()


def test_what_is_not_there_is_a_json_404(hub):
    with hub.http() as client:
        answer = client.get("/api/agent-harnesses")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})


def test_a_plain_404_is_not_a_missing_repository(hub):
    with pytest.raises(HfHubHTTPError):
        hub.api().get_webhook("0" * 24)
