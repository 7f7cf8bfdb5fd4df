"""Who may visit a private Space's app, and with what."""

import httpx
import pytest
from tests.localhub import spaces


@pytest.fixture
def private(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    api = hub.api()
    api.create_repo("local/page", repo_type="space", space_sdk="static", private=True)
    hub.wait("local/page", "RUNNING", sha=spaces.push(api, "local/page", index_html="<h1>mine</h1>"))
    return hub


def jwt(hub, repo_id: str = "local/page", **query: int) -> str:
    with hub.http() as client:
        return client.get(f"/api/spaces/{repo_id}/jwt", params=query).raise_for_status().json()["token"]


def status(hub, query: str = "", **headers: str) -> int:
    address = hub.api().space_info("local/page").host
    return httpx.get(f"{address}/{query}", headers=headers, trust_env=False).status_code


def test_a_signed_token_opens_it_as_header_query_and_cookie(private):
    token = jwt(private)
    assert status(private) == 404
    assert status(private, Authorization=f"Bearer {token}") == 200
    assert status(private, f"?__sign={token}") == 200
    assert status(private, Cookie=f"a=b; spaces-jwt={token}") == 200


def test_a_signed_link_lets_a_browser_load_the_rest_of_the_page(private):
    address = private.api().space_info("local/page").host
    with httpx.Client(base_url=address, trust_env=False) as browser:
        assert browser.get(f"/?__sign={jwt(private)}").text == "<h1>mine</h1>"
        assert browser.get("/index.html").status_code == 200


def test_a_running_app_sets_the_cookie_too(hub):
    api = hub.api()
    spaces.docker(api, "local/page", private=True)
    runtime = hub.wait("local/page", "RUNNING", sha=spaces.push_app(api, "local/page"))
    with httpx.Client(base_url=f"http://{runtime['domains'][0]['domain']}", trust_env=False) as browser:
        assert browser.get(f"/?__sign={jwt(hub)}").json()["version"] == "1"
        assert browser.get("/").json()["version"] == "1"


def test_a_token_that_is_old_forged_or_for_another_space_opens_nothing(private):
    private.api().create_repo("local/other", repo_type="space", space_sdk="static", private=True)
    good = jwt(private)
    for bad in (jwt(private, expires_in=0), jwt(private, "local/other"), good[:-3] + "abc", "x", "a.b.c"):
        assert status(private, Authorization=f"Bearer {bad}") == 404


def test_only_members_get_one(private):
    for headers in ({"Authorization": "Bearer hf_eve"}, {"Authorization": ""}):
        with private.http() as client:
            assert client.get("/api/spaces/local/page/jwt", headers=headers).status_code in {401, 404}
    assert status(private, Authorization="Bearer hf_eve") == 404


def test_what_was_given_out_holds_after_a_restart(private):
    token = jwt(private)
    private.restart()
    private.wait("local/page", "RUNNING")
    assert status(private, Authorization=f"Bearer {token}") == 200


def test_a_protected_app_is_open_though_its_source_is_not(private):
    private.api().update_repo_settings("local/page", repo_type="space", visibility="protected")
    assert status(private) == 200
    with private.http() as client:
        assert client.get("/api/spaces/local/page", headers={"Authorization": ""}).status_code == 401
