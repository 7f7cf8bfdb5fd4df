"""Secrets and variables."""

import pytest
from huggingface_hub.errors import BadRequestError
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    return api


def test_the_value_of_a_secret_is_never_shown(hub, api):
    api.add_space_secret("local/demo", "TOKEN", "hidden", description="why")
    with hub.http() as client:
        assert client.get("/api/spaces/local/demo/secrets").json().keys() == {"TOKEN"}
        assert "hidden" not in client.get("/api/spaces/local/demo/secrets").text
    assert api.get_space_secrets("local/demo")["TOKEN"].description == "why"


def test_a_secret_is_deleted_and_deleting_an_absent_one_is_no_error(api):
    api.add_space_secret("local/demo", "TOKEN", "hidden")
    api.delete_space_secret("local/demo", "TOKEN")
    api.delete_space_secret("local/demo", "TOKEN")
    assert api.get_space_secrets("local/demo") == {}


def test_variables_answer_the_whole_map(api):
    api.add_space_variable("local/demo", "A", "1")
    assert {key: entry.value for key, entry in api.add_space_variable("local/demo", "B", "2").items()} == {
        "A": "1",
        "B": "2",
    }
    assert list(api.delete_space_variable("local/demo", "A")) == ["B"]


def test_an_impossible_key_is_refused(api):
    with pytest.raises(BadRequestError):
        api.add_space_variable("local/demo", "1-A", "1")


def test_a_changed_secret_restarts_the_app_with_it(hub, api):
    sha = spaces.push_app(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=sha)
    api.add_space_secret("local/demo", "TOKEN", "new")
    assert api.get_space_runtime("local/demo").stage == "RUNNING_BUILDING"
    assert spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["env"]["TOKEN"] == "new"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda api: api.add_space_variable("local/demo", "COLOR", "red"), lambda env: env.get("COLOR") == "red"),
        (lambda api: api.delete_space_variable("local/demo", "MODE"), lambda env: "MODE" not in env),
        (lambda api: api.delete_space_secret("local/demo", "TOKEN"), lambda env: "TOKEN" not in env),
        (
            lambda api: api.request_space_hardware("local/demo", "t4-small"),
            lambda env: env["ACCELERATOR"] == "t4-small",
        ),
    ],
    ids=["a new variable", "a deleted variable", "a deleted secret", "hardware"],
)
def test_what_the_app_is_started_with_starts_it_again(hub, api, change, seen):
    api.add_space_variable("local/demo", "MODE", "test")
    api.add_space_secret("local/demo", "TOKEN", "old")
    sha = spaces.push_app(api, "local/demo")
    assert not seen(spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["env"])
    change(api)
    assert api.get_space_runtime("local/demo").stage == "RUNNING_BUILDING"
    assert seen(spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["env"])


def test_a_variable_and_a_secret_of_one_name_are_a_configuration_error_until_one_is_gone(hub, api):
    sha = spaces.push_app(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=sha)
    api.add_space_variable("local/demo", "TOKEN", "shown")
    api.add_space_secret("local/demo", "TOKEN", "hidden")
    assert "TOKEN" in hub.wait("local/demo", "CONFIG_ERROR")["errorMessage"]
    api.delete_space_variable("local/demo", "TOKEN")
    assert spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["env"]["TOKEN"] == "hidden"


def test_deleting_what_is_not_there_starts_nothing_again(hub, api):
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))
    api.delete_space_variable("local/demo", "NONE")
    assert api.get_space_runtime("local/demo").stage == "RUNNING"
