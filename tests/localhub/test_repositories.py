"""Create, list, move and delete."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.localhub import spaces


def test_a_new_docker_space_has_a_readme_and_no_app_file(hub):
    api = hub.api()
    url = api.create_repo("local/demo", repo_type="space", space_sdk="docker")
    assert str(url) == f"{hub.url}/spaces/local/demo"
    assert api.get_space_runtime("local/demo").stage == "NO_APP_FILE"
    assert sorted(api.list_repo_files("local/demo", repo_type="space")) == [".gitattributes", "README.md"]


def test_creating_twice_is_a_conflict_that_names_the_space(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    with pytest.raises(HfHubHTTPError) as caught:
        spaces.docker(api, "local/demo")
    assert caught.value.response.status_code == 409
    assert caught.value.response.json() == {
        "error": "You already created this space repo",
        "url": f"{hub.url}/spaces/local/demo",
    }
    assert str(api.create_repo("local/demo", repo_type="space", space_sdk="docker", exist_ok=True)).endswith(
        "local/demo"
    )


@pytest.mark.parametrize("how", ["created", "copied"])
def test_of_many_of_one_name_asked_for_at_once_one_comes_to_be(hub, how):
    api = hub.api()
    spaces.docker(api, "local/demo")

    def ask(name):
        try:
            if how == "created":
                spaces.docker(api, name)
            else:
                api.duplicate_repo("local/demo", name, repo_type="space")
        except HfHubHTTPError as error:
            return error.response.status_code
        assert api.space_info(name).sha
        return 200

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, ["local/one", "local/ONE", "local/one"] * 2))
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert sorted(space.id.lower() for space in api.list_spaces(author="local")) == ["local/demo", "local/one"]


def test_what_is_given_at_creation_is_kept(hub):
    api = hub.api()
    spaces.docker(
        api,
        "local/demo",
        space_hardware="t4-small",
        space_sleep_time=3600,
        space_secrets=[{"key": "TOKEN", "value": "hidden"}],
        space_variables=[{"key": "COLOR", "value": "red"}],
    )
    runtime = api.get_space_runtime("local/demo")
    assert (runtime.requested_hardware, runtime.sleep_time) == ("t4-small", 3600)
    assert list(api.get_space_secrets("local/demo")) == ["TOKEN"]
    assert api.get_space_variables("local/demo")["COLOR"].value == "red"


def test_private_and_visibility_are_not_given_together(hub):
    new = {"name": "demo", "type": "space", "sdk": "static", "visibility": "private"}
    with hub.http() as client:
        assert client.post("/api/repos/create", json=new | {"private": True}).status_code == 400
        assert client.post("/api/repos/create", json=new | {"private": None}).status_code == 200


def test_a_deleted_space_is_gone_and_deleting_it_again_can_be_ignored(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    api.delete_repo("local/demo", repo_type="space")
    with pytest.raises(RepositoryNotFoundError):
        api.space_info("local/demo")
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo("local/demo", repo_type="space")
    api.delete_repo("local/demo", repo_type="space", missing_ok=True)


def test_a_moved_space_is_found_by_both_names(hub):
    api = hub.api()
    spaces.docker(api, "local/old")
    api.move_repo("local/old", "local/new", repo_type="space")
    assert api.space_info("local/new").subdomain == "local-new"
    assert api.space_info("local/old").id == "local/new"


def test_a_long_name_has_a_subdomain_that_is_one_label_of_a_host_name(hub):
    api = hub.api()
    found = set()
    for end in "ab":
        name = f"local/{'x' * 80}{end}"
        spaces.docker(api, name)
        found.add(api.space_info(name).subdomain)
    assert len(found) == 2
    assert {len(subdomain) for subdomain in found} == {63}


def test_a_listing_comes_in_pages_and_hides_what_is_private(hub):
    api = hub.api()
    for number in range(5):
        spaces.docker(api, f"local/demo-{number}", private=number == 0)
    assert len(list(api.list_spaces(author="local"))) == 5
    with hub.http() as client:
        page = client.get("/api/spaces", params={"author": "local", "limit": 2})
        assert len(page.json()) == 2
        assert 'rel="next"' in page.headers["link"]
        assert len(client.get("/api/spaces", headers={"Authorization": ""}).json()) == 4


def test_only_what_is_asked_for_is_expanded(hub):
    spaces.docker(hub.api(), "local/demo")
    with hub.http() as client:
        shown = client.get("/api/spaces/local/demo", params={"expand": ["sdk", "runtime"]}).json()
    assert set(shown) == {"_id", "id", "sdk", "runtime"}


def test_settings_change_the_visibility(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    api.update_repo_settings("local/demo", repo_type="space", visibility="private")
    assert api.space_info("local/demo").private
