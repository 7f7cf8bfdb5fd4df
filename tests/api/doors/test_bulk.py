"""One act on a selection of spaces, with a result for each."""

from typing import Any

import pytest
from tests.api.doors.conftest import Crew
from tests.localhub_server import LocalHub


def bulk(crew: Crew, who: str = "deployer", **wanted: Any) -> dict[str, dict[str, Any]]:
    answer = crew.ask(who, "POST", "/api/v1/spaces/bulk", wanted)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result["space"] for result in results] == wanted["spaces"]
    return {result["space"]: result for result in results}


def test_a_selection_is_paused_and_restarted_with_a_result_for_each(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    selection = [space, crew.repo_id, "local/nowhere"]

    paused = bulk(crew, action="pause", spaces=selection)

    assert paused[space]["done"] is True
    assert hub.runtime(space)["stage"] == "PAUSED"
    # The Hub does not pause a static Space, and says so.
    assert (paused[crew.repo_id]["done"], paused[crew.repo_id]["code"]) == (False, "hub_refused")
    assert paused[crew.repo_id]["detail"]
    assert paused["local/nowhere"]["code"] == "space_not_found"
    assert paused["local/nowhere"]["fix"]

    assert bulk(crew, action="restart", spaces=[space], factory_reboot=True)[space]["done"] is True
    assert hub.runtime(space)["stage"] != "PAUSED"


def test_a_selection_is_deployed_and_says_which_deployments_began(crew: Crew, docker: str):
    space = docker.removeprefix("/api/v1/spaces/")
    crew.done("POST", f"{docker}/deployments")

    begun = bulk(crew, action="deploy", spaces=[space, crew.repo_id, "local/nowhere"])

    for each in (space, crew.repo_id):
        [latest, *_] = crew.done("GET", f"/api/v1/spaces/{each}/deployments")["items"]
        assert (begun[each]["done"], begun[each]["deployment_id"]) == (True, latest["id"])
    assert (begun["local/nowhere"]["done"], begun["local/nowhere"]["deployment_id"]) == (False, None)
    assert bulk(crew, "viewer", action="deploy", spaces=[space])[space]["code"] == "role_too_low"


def test_variables_are_set_on_a_whole_selection(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    variables = [{"key": "LOG_LEVEL", "value": "debug"}]

    done = bulk(crew, action="set_variables", spaces=[space, crew.repo_id], variables=variables)
    staged = bulk(
        crew,
        action="set_variables",
        spaces=[space],
        variables=[{"key": "LATER", "value": "1"}],
        apply="next_deployment",
    )

    assert all(result["done"] for result in (*done.values(), *staged.values()))
    for each in (space, crew.repo_id):
        assert hub.api().get_space_variables(each)["LOG_LEVEL"].value == "debug"
    assert "LATER" not in hub.api().get_space_variables(space)
    assert [change["key"] for change in crew.done("GET", f"{docker}/configuration/staged")] == ["LATER"]


def test_who_may_not_act_on_a_space_gets_a_result_that_says_so(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    assert bulk(crew, "viewer", action="pause", spaces=[space])[space]["code"] == "role_too_low"
    assert bulk(crew, "stranger", action="pause", spaces=[space])[space]["code"] == "space_not_found"
    assert hub.runtime(space)["stage"] != "PAUSED"


@pytest.mark.parametrize(
    "wanted",
    [
        {"action": "pause", "spaces": []},
        {"action": "pause", "spaces": ["local/a", "LOCAL/a"]},
        {"action": "pause", "spaces": [f"local/{number}" for number in range(101)]},
        {"action": "delete", "spaces": ["local/a"]},
        {"action": "pause", "spaces": ["../a"]},
        {"action": "pause", "spaces": ["local/a"], "factory_reboot": True},
        {"action": "set_variables", "spaces": ["local/a"], "variables": []},
    ],
)
def test_a_selection_that_makes_no_sense_is_refused_as_a_whole(crew: Crew, wanted: dict[str, Any]):
    answer = crew.ask("owner", "POST", "/api/v1/spaces/bulk", wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
