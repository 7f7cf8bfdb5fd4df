import pytest
from tests.api.doors.conftest import Crew
from tests.localhub_server import LocalHub


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def original(crew: Crew, hub: LocalHub) -> str:
    """A docker space with all kinds of configuration: set here, set on the Hub, staged."""
    repo_id = f"local/{crew.name}-app"
    path = f"/api/v1/spaces/{repo_id}"
    git = {"source": {"kind": "git", "url": "https://git.example/a.git"}, "source_token": "ghp_source"}
    body = {"owner": "local", "name": f"{crew.name}-app", "hub_account_id": crew.ids["account"], "auto_deploy": True}
    crew.done("POST", "/api/v1/spaces", body | git | {"health": {"path": "/well"}})
    crew.done("POST", f"{path}/secrets", {"secrets": [{"key": "TOKEN", "value": "hidden", "description": "why"}]})
    crew.done("POST", f"{path}/variables", {"variables": [{"key": "COLOR", "value": "red"}]})
    volume = {"type": "bucket", "source": "acme/data", "mount_path": "/data"}
    crew.done("PUT", f"{path}/volumes", {"volumes": [volume]})
    crew.done("PUT", f"{path}/secrets/LATER?apply=next_deployment", {"value": "staged"})
    hub.api().add_space_secret(repo_id, "THEIRS", "unknown")
    hub.api().add_space_variable(repo_id, "SIZE", "9")
    return path


def test_a_copy_has_files_variables_volumes_and_the_secrets_that_are_known_here(
    crew: Crew, hub: LocalHub, original: str, instance
) -> None:
    name = f"{crew.name}-copy"
    answer = crew.ask("admin", "POST", f"{original}/duplicate", {"owner": "local", "name": name, "sleep_time": 600})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/v1/spaces/local/{name}"
    assert "hidden" not in answer.text
    made = answer.json()
    assert made["missing_secrets"] == ["THEIRS"]
    copy = made["space"]
    assert (copy["team_id"], copy["visibility"], copy["health"]["path"]) == (crew.team_id, "private", "/well")
    assert (copy["has_source_token"], copy["auto_deploy"]) == (True, False)
    api, repo_id, path = hub.api(), f"local/{name}", f"/api/v1/spaces/local/{name}"
    assert {key: each.description for key, each in api.get_space_secrets(repo_id).items()} == {"TOKEN": "why"}
    assert {key: each.value for key, each in api.get_space_variables(repo_id).items()} == {"COLOR": "red", "SIZE": "9"}
    assert [each.source for each in api.get_space_runtime(repo_id).volumes] == ["acme/data"]
    [secret] = crew.done("GET", f"{path}/secrets?fresh=true")
    assert (secret["key"], secret["managed"], secret["staged"]) == ("TOKEN", True, False)
    assert [each["key"] for each in crew.done("GET", f"{path}/variables?fresh=true")] == ["COLOR", "SIZE"]
    assert crew.done("GET", f"{path}/configuration/staged") == []
    assert not crew.done("GET", f"{path}/drift")["drifted"]
    crew.done("POST", f"{path}/secrets/TOKEN/restore", {"version": 1})
    with instance.database.engine.connect() as connection:
        events = connection.exec_driver_sql("SELECT kind, data::text FROM event").all()
    assert "space.duplicated" in [kind for kind, _ in events]
    assert "hidden" not in str(events)


def test_a_name_that_is_taken_here_or_on_the_hub_is_refused(crew: Crew, hub: LocalHub, original: str) -> None:
    taken = crew.ask("admin", "POST", f"{original}/duplicate", {"owner": "local", "name": crew.name})
    assert code(taken) == (409, "space_taken")
    hub.api().create_repo(f"local/{crew.name}-there", repo_type="space", space_sdk="static")
    there = crew.ask("admin", "POST", f"{original}/duplicate", {"owner": "local", "name": f"{crew.name}-there"})
    assert code(there) == (409, "space_exists_on_hub")


def test_what_the_hub_refuses_comes_back_as_its_sentence_without_a_value(
    crew: Crew, hub: LocalHub, original: str
) -> None:
    hub.fault(
        space=original.removeprefix("/api/v1/spaces/"), path="/duplicate", status=402, message="hidden: pay first"
    )
    answer = crew.ask("admin", "POST", f"{original}/duplicate", {"owner": "local", "name": f"{crew.name}-copy"})
    assert answer.json()["code"] == "hub_payment_required"
    assert "pay first" in answer.json()["detail"]
    assert "hidden" not in answer.text
    forbidden = crew.ask("admin", "POST", f"{original}/duplicate", {"owner": "nobody", "name": "x"})
    assert forbidden.json()["code"] == "hub_forbidden"
