"""Hardware, sleep time, replicas and dev mode through the REST door, with a real Hub that may refuse."""

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.test_spaces import code
from tests.localhub_server import LocalHub

from spaceport.db.database import Database
from spaceport.spaces import drift
from spaceport.spaces.model import Space


def test_hardware_and_sleep_time_are_one_call(crew: Crew, docker: str, hub: LocalHub, events) -> None:
    last = hub.calls()[-1]["number"]
    settings = crew.ask("admin", "PATCH", f"{docker}/settings", {"hardware": "t4-small", "sleep_time": 3600}).json()
    assert settings == {"hardware": "t4-small", "sleep_time": 3600, "replicas": 1, "dev_mode": False}
    assert [(call["method"], call["path"].rpartition("/")[2]) for call in hub.calls(after=last)] == [
        ("POST", "hardware")
    ]
    runtime = hub.runtime(docker.removeprefix("/api/v1/spaces/"))
    assert (runtime["hardware"]["requested"], runtime["gcTimeout"]) == ("t4-small", 3600)
    [event] = events("space.settings_changed")
    assert event["changed"] == {"hardware": "t4-small", "sleep_time": 3600}
    assert event["before"] == {"hardware": "cpu-basic", "sleep_time": None}


def test_replicas_and_dev_mode_reach_the_hub(crew: Crew, docker: str, hub: LocalHub) -> None:
    wanted = {"hardware": "t4-small", "replicas": 3, "dev_mode": False}
    settings = crew.done("PATCH", f"{docker}/settings", wanted)
    assert settings["replicas"] == 3
    assert hub.runtime(docker.removeprefix("/api/v1/spaces/"))["replicas"]["requested"] == 3
    assert crew.ask("viewer", "GET", f"{docker}/settings").json() == settings


def test_on_free_hardware_the_sleep_time_is_the_hubs_again(crew: Crew, docker: str) -> None:
    crew.done("PATCH", f"{docker}/settings", {"hardware": "t4-small", "sleep_time": 600})
    free = crew.done("PATCH", f"{docker}/settings", {"hardware": "cpu-basic"})
    assert free["sleep_time"] == crew.done("GET", f"{docker}/runtime")["sleep_time"] == 172_800


def test_settings_that_nobody_set_here_are_what_the_hub_has(crew: Crew) -> None:
    assert crew.done("GET", "{space}/settings")["replicas"] is None
    crew.done("GET", "{space}/runtime?fresh=true")
    assert crew.done("GET", "{space}/settings")["replicas"] == 1


@pytest.mark.parametrize("given", [{}, {"hardware": None, "replicas": None}])
def test_nothing_given_is_an_error_that_says_so(crew: Crew, hub: LocalHub, given: dict) -> None:
    last = hub.calls()[-1]["number"]
    answer = crew.ask("owner", "PATCH", "{space}/settings", given)
    assert code(answer) == (422, "nothing_given")
    assert "hardware" in answer.json()["fix"]
    assert hub.calls(after=last) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sleep_time": -2},
        {"sleep_time": 2**31},
        {"hardware": "CPU; drop"},
        {"replicas": 0},
        {"color": "red"},
    ],
)
def test_what_can_never_work_is_refused_before_the_hub_hears_of_it(crew: Crew, hub: LocalHub, wrong: dict) -> None:
    last = hub.calls()[-1]["number"]
    assert code(crew.ask("owner", "PATCH", "{space}/settings", wrong)) == (422, "request_invalid")
    assert hub.calls(after=last) == []


STATIC = "This is not available for static Spaces"
SLEEP = {"sleep_time": 3600}


@pytest.mark.parametrize("wanted", [{"hardware": "t4-small"}, SLEEP, {"replicas": 2}, {"dev_mode": True}], ids=str)
def test_a_static_space_has_no_settings_as_the_hub_says(crew: Crew, wanted: dict) -> None:
    answer = crew.ask("owner", "PATCH", "{space}/settings", wanted)
    assert code(answer) == (422, "hub_refused")
    assert STATIC in answer.json()["detail"]


@pytest.mark.parametrize(
    ("hardware", "wanted", "answered", "sentence"),
    [
        ("cpu-basic", SLEEP, 422, "The sleep time of CPU Basic is not configurable"),
        ("cpu-basic", {"hardware": "zero-a10g"}, 422, "ZeroGPU is for Gradio Spaces only"),
        ("t4-small", SLEEP | {"hardware": "cpu-basic"}, 422, "CPU Basic is not configurable"),
        ("cpu-basic", {"hardware": "quantum"}, 422, "must be one of [cpu-basic"),
        ("cpu-basic", {"replicas": 2}, 422, "More than one replica needs paid hardware"),
        ("cpu-basic", {"dev_mode": True}, 403, "Dev Mode is not available"),
    ],
    ids=str,
)
def test_what_the_hub_refuses_comes_back_in_its_own_words_and_changes_nothing(
    crew: Crew, docker: str, hardware: str, wanted: dict, answered: int, sentence: str
) -> None:
    before = crew.done("PATCH", f"{docker}/settings", {"hardware": hardware})
    answer = crew.ask("owner", "PATCH", f"{docker}/settings", wanted)
    assert answer.status_code == answered, answer.text
    assert sentence in answer.json()["detail"]
    assert answer.json()["applied"] == []
    assert crew.done("GET", f"{docker}/settings") == before


def test_hardware_that_has_to_be_paid_for_is_402(crew: Crew, docker: str, hub: LocalHub) -> None:
    hub.fault(path="/hardware", status=402, message="Payment required: add a payment method to use paid hardware")
    answer = crew.ask("owner", "PATCH", f"{docker}/settings", {"hardware": "a100-large"})
    assert code(answer) == (402, "hub_payment_required")
    assert "add a payment method" in answer.json()["detail"]


def test_what_the_hub_had_accepted_before_it_refused_is_kept_and_named(crew: Crew, docker: str) -> None:
    answer = crew.ask("owner", "PATCH", f"{docker}/settings", {"hardware": "t4-small", "dev_mode": True})
    assert code(answer) == (403, "hub_forbidden")
    assert answer.json()["applied"] == ["hardware"]
    settings = crew.done("GET", f"{docker}/settings")
    assert (settings["hardware"], settings["dev_mode"]) == ("t4-small", False)


def test_setting_the_same_value_again_puts_drift_right(
    crew: Crew,
    docker: str,
    hub: LocalHub,
    database: Database,
) -> None:
    repo_id = docker.removeprefix("/api/v1/spaces/")
    crew.done("PATCH", f"{docker}/settings", {"hardware": "t4-small"})
    hub.api().request_space_hardware(repo_id, "cpu-upgrade")
    with database.unit_of_work() as session:
        space = session.get_one(Space, crew.done("GET", docker)["id"])
        drift.settle(session, space, [{"field": "hardware", "expected": "t4-small", "observed": "cpu-upgrade"}])
    crew.done("PATCH", f"{docker}/settings", {"hardware": "t4-small"})
    assert hub.runtime(repo_id)["hardware"]["requested"] == "t4-small"
    assert not crew.done("GET", f"{docker}/drift")["drifted"]


def test_hardware_has_one_way_only(crew: Crew) -> None:
    for given in ({"hardware": "t4-small"}, {"sleep_time": 60}):
        assert code(crew.ask("owner", "PATCH", "{space}", given)) == (422, "request_invalid")


def test_a_change_of_hardware_can_be_priced_without_being_made(crew: Crew, docker: str, hub: LocalHub) -> None:
    hub.clear_calls()
    answer = crew.ask("admin", "PATCH", f"{docker}/settings?dry_run=true", {"hardware": "t4-small"})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["new_hardware"], answer.json()["new_usd_per_hour"]) == ("t4-small", 0.4)
    assert answer.json()["new_month"]["usd_forecast_always_running"] > 0
    assert crew.done("GET", f"{docker}/settings")["hardware"] != "t4-small"
    assert {call["method"] for call in hub.calls(path="/api/spaces")} <= {"GET"}
    refused = crew.ask("admin", "PATCH", f"{docker}/settings?dry_run=true", {"dev_mode": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "nothing_to_price")
    assert crew.ask("deployer", "PATCH", f"{docker}/settings?dry_run=true", {"hardware": "t4-small"}).status_code == 403
