"""A Space copied to another name."""

import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    secret, variable = {"key": "TOKEN", "value": "hidden"}, {"key": "COLOR", "value": "red"}
    spaces.docker(api, "local/demo", space_secrets=[secret], space_variables=[variable], space_hardware="t4-small")
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    return api


def duplicate(api, target="local/copy", source="local/demo", **options):
    return api.duplicate_repo(source, target, repo_type="space", **options)


def test_files_and_variables_are_copied_and_secrets_are_not(hub, api):
    assert str(duplicate(api)) == f"{hub.url}/spaces/local/copy"
    env = spaces.visit(hub.wait("local/copy", "RUNNING"))["env"]
    assert (env["COLOR"], env["SPACE_ID"]) == ("red", "local/copy")
    assert "TOKEN" not in env
    assert api.get_space_secrets("local/copy") == {}
    assert api.get_space_runtime("local/copy").requested_hardware == "cpu-basic"


def test_the_history_begins_anew_and_the_readme_names_the_origin(api):
    duplicate(api)
    (commit,) = api.list_repo_commits("local/copy", repo_type="space")
    assert commit.title == "Duplicate from local/demo"
    assert api.space_info("local/copy").card_data.duplicated_from == "local/demo"
    files = api.list_repo_files("local/demo", repo_type="space")
    assert api.list_repo_files("local/copy", repo_type="space") == files


def test_what_is_given_with_the_copy_wins(api):
    given = [{"key": "COLOR", "value": "blue"}]
    duplicate(api, space_variables=given, space_secrets=[{"key": "NEW", "value": "x"}], visibility="private")
    assert api.get_space_variables("local/copy")["COLOR"].value == "blue"
    assert list(api.get_space_secrets("local/copy")) == ["NEW"]
    assert api.space_info("local/copy").private


def test_a_copy_of_a_private_space_is_private(api):
    api.update_repo_settings("local/demo", repo_type="space", private=True)
    duplicate(api)
    assert api.space_info("local/copy").private


def test_changing_the_copy_leaves_the_original_alone(hub, api):
    duplicate(api)
    before = api.space_info("local/demo").sha
    sha = spaces.push_app(api, "local/copy", "2")
    assert spaces.visit(hub.wait("local/copy", "RUNNING", sha=sha))["version"] == "2"
    assert api.space_info("local/demo").sha == before
    assert api.get_space_runtime("local/demo").stage == "RUNNING"


def test_a_name_that_is_taken_is_a_conflict_that_names_the_space(hub, api):
    duplicate(api)
    with pytest.raises(HfHubHTTPError) as caught:
        duplicate(api)
    assert caught.value.response.status_code == 409
    assert str(duplicate(api, exist_ok=True)) == f"{hub.url}/spaces/local/copy"


def test_a_copy_needs_the_right_to_read_and_a_plan_that_may_create(start):
    hub = start("--user", "local:hf_local", "--user", "poor:hf_poor:free", "--user", "eve:hf_eve")
    spaces.docker(hub.api(), "local/open")
    spaces.docker(hub.api(), "local/closed", private=True)
    with pytest.raises(HfHubHTTPError) as caught:
        duplicate(hub.api("hf_poor"), "poor/copy", "local/open")
    assert caught.value.response.status_code == 402
    with pytest.raises(HfHubHTTPError) as caught:
        duplicate(hub.api("hf_eve"), "local/copy", "local/open")
    assert caught.value.response.status_code == 403
    with pytest.raises(RepositoryNotFoundError):
        duplicate(hub.api("hf_eve"), "eve/copy", "local/closed")
