"""Finding Spaces."""

import pytest
from huggingface_hub.errors import HfHubHTTPError
from tests.localhub import spaces

README = "---\ntitle: {title}\nsdk: static\nshort_description: {about}\n---\n"


def page(api, repo_id, title, about="x", **options):
    api.create_repo(repo_id, repo_type="space", space_sdk="static", **options)
    return spaces.push(api, repo_id, README_md=README.format(title=title, about=about), index_html="<p>" * 1000)


@pytest.fixture
def api(hub):
    api = hub.api()
    page(api, "local/cats", "Cat pictures", "draw a cat")
    hub.wait("local/dogs", "RUNNING", sha=page(api, "local/dogs", "Dog pictures"))
    return api


def test_the_space_with_more_of_the_words_comes_first(api):
    found = list(api.search_spaces("cat pictures", include_non_running=True))
    assert [space.id for space in found] == ["local/cats", "local/dogs"]
    assert (found[0].title, found[0].ai_short_description, found[0].semantic_relevancy_score) == (
        "Cat pictures",
        "draw a cat",
        1,
    )
    assert list(api.search_spaces("submarine")) == []


def test_only_running_ones_are_found_unless_asked_for_more(api):
    spaces.docker(api, "local/catalogue")
    assert "local/catalogue" not in {space.id for space in api.search_spaces("catalogue")}
    assert [space.id for space in api.search_spaces("catalogue", include_non_running=True)] == ["local/catalogue"]
    assert list(api.search_spaces("catalogue", include_non_running=True, sdk="static")) == []


def test_everything_of_one_owner_is_listed_with_what_it_takes_up(hub, api):
    page(api, "local/secret", "Secret", private=True)
    found = {repository.id: repository for repository in api.list_user_repos()}
    assert found.keys() == {"local/cats", "local/dogs", "local/secret"}
    assert found["local/secret"].visibility == "private"
    assert found["local/cats"].storage > 3000
    assert sum(repository.storage_percent for repository in found.values()) == pytest.approx(100)
    with hub.http() as client:
        limited = client.get("/api/settings/repositories", params={"sort": "storage", "search": "cat", "limit": 1})
    assert [repository["id"] for repository in limited.json()] == ["local/cats"]


def test_an_organizations_list_is_for_its_members(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve", "--org", "acme:team:local=admin")
    page(hub.api(), "acme/site", "Site")
    assert [repository.id for repository in hub.api().list_user_repos("acme")] == ["acme/site"]
    with pytest.raises(HfHubHTTPError) as caught:
        list(hub.api("hf_eve").list_user_repos("acme"))
    assert caught.value.response.status_code == 403
