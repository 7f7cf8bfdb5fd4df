from pathlib import Path

import pytest
from tests.api.doors.conftest import Crew
from tests.localhub_server import LocalHub

import spaceport
from spaceport.db.database import Database
from spaceport.spaces import commands

GIT = {"kind": "git", "url": "https://git.example/acme/app.git"}
TOKEN = "ghp_of_the_source"


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def body(crew: Crew):
    return {"owner": "local", "name": f"{crew.name}-2", "hub_account_id": crew.ids["account"]}


@pytest.mark.parametrize(("sdk", "on_the_hub"), [("docker", "docker"), ("gradio", "gradio"), ("streamlit", "docker")])
def test_a_space_is_created_on_the_hub_as_it_is_described(
    crew: Crew, hub: LocalHub, body, sdk: str, on_the_hub: str
) -> None:
    wanted = body | {"sdk": sdk, "visibility": "private", "sleep_time": 3600, "hardware": "cpu-upgrade"}
    answer = crew.ask("admin", "POST", "/api/v1/spaces", wanted)
    made = answer.json()
    assert answer.status_code == 201, made
    assert answer.headers["Location"] == f"/api/v1/spaces/local/{crew.name}-2"
    assert {key: made[key] for key in ("sdk", "visibility", "sleep_time", "hardware")} == {
        "sdk": sdk,
        "visibility": "private",
        "sleep_time": 3600,
        "hardware": "cpu-upgrade",
    }
    there = hub.api().space_info(f"local/{crew.name}-2")
    assert (there.sdk, there.private) == (on_the_hub, True)
    assert made["url"] == f"{hub.url}/spaces/local/{crew.name}-2"


def test_a_space_of_others_is_taken_and_nobody_is_named(crew: Crew, hub: LocalHub) -> None:
    stranger = crew.people["stranger"]
    stranger.post("/api/v1/hub-accounts", {"token": hub.token})
    for name in (crew.name, crew.name.upper()):
        answer = stranger.post("/api/v1/spaces", {"owner": "LOCAL", "name": name, "adopt": True})
        assert code(answer) == (409, "space_taken")
        assert crew.team_id not in answer.text
        assert "Engines" not in answer.text


def test_a_renamed_space_is_known_by_its_present_name(crew: Crew, hub: LocalHub, body) -> None:
    hub.api().create_repo(f"local/{crew.name}-old", repo_type="space", space_sdk="static")
    hub.api().move_repo(f"local/{crew.name}-old", f"local/{crew.name}-now", repo_type="space")
    for name in ("old", "now"):
        answer = crew.ask("owner", "POST", "/api/v1/spaces", body | {"name": f"{crew.name}-{name}", "adopt": True})
        if name == "old":
            assert answer.json().get("name") == f"{crew.name}-now", answer.text
        else:
            assert code(answer) == (409, "space_taken")


def test_the_second_of_two_that_ask_at_once_is_refused_by_the_database(
    crew: Crew, body, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = commands.settle

    def beaten(admission, wanted):
        monkeypatch.setattr(commands, "settle", settle)
        crew.done("POST", "/api/v1/spaces", body)
        return admission.hub.head(f"local/{crew.name}-2")

    monkeypatch.setattr(commands, "settle", beaten)
    assert code(crew.ask("admin", "POST", "/api/v1/spaces", body)) == (409, "space_taken")


def test_adopting_takes_a_space_as_it_is(crew: Crew, hub: LocalHub, body) -> None:
    hub.api().create_repo(f"local/{crew.name}-2", repo_type="space", space_sdk="static", private=True)
    made = crew.done("POST", "/api/v1/spaces", body | {"adopt": True})
    assert (made["sdk"], made["visibility"]) == ("static", "private")


def test_what_the_hub_says_of_a_space_is_passed_on(crew: Crew, hub: LocalHub, body) -> None:
    assert code(crew.ask("owner", "POST", "/api/v1/spaces", body | {"adopt": True})) == (404, "hub_not_found")
    assert code(crew.ask("owner", "POST", "/api/v1/spaces", body | {"owner": "nobody"})) == (403, "hub_forbidden")
    hub.api().create_repo(f"local/{crew.name}-2", repo_type="space", space_sdk="static")
    assert code(crew.ask("owner", "POST", "/api/v1/spaces", body)) == (409, "space_exists_on_hub")


def test_a_change_reaches_the_hub_and_what_the_hub_refuses_changes_nothing(crew: Crew, hub: LocalHub) -> None:
    changed = crew.done("PATCH", "{space}", {"visibility": "private", "health": {"path": "/well"}})
    assert (changed["visibility"], changed["health"]["path"]) == ("private", "/well")
    assert hub.api().space_info(f"local/{crew.name}").private
    hub.fault(space=f"local/{crew.name}", method="PUT", status=403)
    answer = crew.ask("owner", "PATCH", "{space}", {"visibility": "public", "health": {"path": "/other"}})
    hub.clear_faults()
    assert code(answer) == (403, "hub_forbidden")
    kept = crew.done("GET", "{space}")
    assert (kept["visibility"], kept["health"]["path"]) == ("private", "/well")


def test_what_we_refuse_never_reaches_the_hub(crew: Crew, hub: LocalHub) -> None:
    answer = crew.ask("owner", "PATCH", "{space}", {"visibility": "public", "source_token": TOKEN})
    assert code(answer) == (422, "source_token_without_git")
    assert hub.api().space_info(f"local/{crew.name}").private


def test_a_source_token_is_kept_sealed_shown_never_and_forgotten_with_its_source(
    crew: Crew, database: Database
) -> None:
    answer = crew.ask("owner", "PATCH", "{space}", {"source": GIT, "source_token": TOKEN})
    assert answer.json()["has_source_token"]
    assert TOKEN not in answer.text + crew.ask("owner", "GET", "{space}").text
    with database.engine.connect() as connection:
        for table in ("space", "event"):
            assert TOKEN not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    other = GIT | {"url": "https://elsewhere.example/app.git"}
    assert not crew.done("PATCH", "{space}", {"source": other})["has_source_token"]


def test_a_busy_space_is_not_dropped_and_a_dropped_one_can_be_managed_again(crew: Crew, hub: LocalHub) -> None:
    deployment = crew.done("POST", "{space}/deployments")
    assert code(crew.ask("owner", "DELETE", "{space}?confirm={repo_id}")) == (409, "space_busy")
    crew.done("POST", f"/api/v1/deployments/{deployment['id']}/cancellation")
    assert crew.done("DELETE", "{space}?confirm={repo_id}") == {"space": crew.repo_id, "on_hub": "kept"}
    assert crew.ask("owner", "GET", "{space}").status_code == 404
    assert crew.done("GET", f"/api/v1/deployments/{deployment['id']}")["status"] == "canceled"
    body = {"owner": "local", "name": crew.name, "adopt": True, "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body)
    gone = crew.done("DELETE", "{space}?on_hub=true&confirm={repo_id}")
    assert gone == {"space": crew.repo_id, "on_hub": "deleted"}
    assert not hub.api().repo_exists(f"local/{crew.name}", repo_type="space")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x"},
        {"name": "a b"},
        {"sdk": "cobol"},
        {"visibility": "secret"},
        {"hardware": "t4-small"},
        {"health": {"path": "//evil.example"}},
        {"health": {"status": "300-200"}},
        {"health": {"body_contains": "\x00"}},
        {"health": {"json_match": {"path": "a", "equals": {"deep": ["\x00"]}}}},
        {"hub_account_id": "hub_1"},
        {"source_token": "with space"},
        {"source": {"kind": "git", "url": "file:///etc"}},
        {"source": {"kind": "git", "url": "https://user:pw@host/x.git"}},
        {"source": {"kind": "space", "repo_id": "no-slash"}},
        {"source": {"kind": "other"}},
    ],
    ids=str,
)
def test_what_can_never_work_is_refused_with_422_before_the_hub_hears_of_it(
    crew: Crew, hub: LocalHub, wrong: dict[str, object]
) -> None:
    last = hub.calls()[-1]["number"]
    if wrong.keys() & {"name", "sdk", "hub_account_id"}:
        whole = {"owner": "local", "name": "x", "adopt": True} | wrong
        answer = crew.ask("owner", "POST", "/api/v1/spaces", whole)
    else:
        answer = crew.ask("owner", "PATCH", "{space}", wrong)
    assert answer.status_code == 422, answer.text
    assert hub.calls(after=last) == []


def test_half_a_character_is_refused_too(crew: Crew) -> None:
    owner = crew.people["owner"]
    raw = b'{"health": {"json_match": {"path": "a", "equals": "\\ud800"}}}'
    answer = owner.api.patch(crew.space, content=raw, headers=owner.headers | {"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


def test_no_model_relies_on_a_pattern_that_nobody_checks() -> None:
    for path in Path(spaceport.__file__).parent.rglob("model.py"):
        assert "regex=" not in path.read_text().replace("`Field(regex=…)`", ""), path


def test_release_jobs_are_kept_shown_and_removed_with_null(crew: Crew) -> None:
    tests = {"docker_image": "python:3.12", "command": ["pytest"], "environment": {"CI": "1"}, "timeout_seconds": 60}
    made = crew.done("PATCH", "{space}", {"pre_deploy_job": tests, "post_deploy_job": tests})
    assert made["pre_deploy_job"] == made["post_deploy_job"]
    assert made["pre_deploy_job"] == tests | {"space_id": None, "arguments": [], "flavor": "cpu-basic", "secrets": []}
    crew.done("PATCH", "{space}", {"health": {"path": "/"}})
    changed = crew.done("PATCH", "{space}", {"pre_deploy_job": None})
    assert (changed["pre_deploy_job"], changed["post_deploy_job"]) == (None, made["post_deploy_job"])
    wrong = crew.ask("owner", "PATCH", "{space}", {"pre_deploy_job": {"command": ["pytest"]}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "pre_deploy_job")
