"""Who may call, and how a refusal reaches the client."""

import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from tests.localhub import spaces


def test_a_token_is_known_by_its_owner(start):
    hub = start("--user", "alice:hf_alice:free", "--org", "acme:team:alice=write")
    me = hub.api("hf_alice").whoami()
    assert (me["name"], me["isPro"]) == ("alice", False)
    assert [(org["name"], org["roleInOrg"]) for org in me["orgs"]] == [("acme", "write")]


def test_an_unknown_token_is_refused(hub):
    with pytest.raises(HfHubHTTPError) as caught:
        hub.api("hf_wrong").whoami()
    assert caught.value.response.status_code == 401


def test_a_read_token_may_read_but_not_write(start):
    hub = start("--user", "local:hf_local", "--token", "local:hf_read:read")
    spaces.docker(hub.api(), "local/demo")
    reader = hub.api("hf_read")
    assert reader.space_info("local/demo").id == "local/demo"
    with pytest.raises(HfHubHTTPError) as caught:
        reader.pause_space("local/demo")
    assert caught.value.response.status_code == 403


def test_a_free_account_is_asked_to_pay_for_a_docker_space_but_not_for_a_static_one(start):
    api = start("--user", "poor:hf_poor:free").api("hf_poor")
    with pytest.raises(HfHubHTTPError) as caught:
        spaces.docker(api, "poor/demo")
    assert caught.value.response.status_code == 402
    assert "PRO" in str(caught.value)
    api.create_repo("poor/page", repo_type="space", space_sdk="static")


def test_a_stranger_cannot_write_to_the_space_of_another(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    spaces.docker(hub.api(), "local/demo")
    with pytest.raises(HfHubHTTPError) as caught:
        spaces.push_app(hub.api("hf_eve"), "local/demo")
    assert caught.value.response.status_code == 403


def test_a_private_space_does_not_exist_for_a_stranger(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    spaces.docker(hub.api(), "local/demo", private=True)
    assert hub.api().repo_exists("local/demo", repo_type="space")
    assert not hub.api("hf_eve").repo_exists("local/demo", repo_type="space")
    with pytest.raises(RepositoryNotFoundError):
        hub.api("hf_eve").get_space_runtime("local/demo")


def test_a_member_of_an_organization_may_write_to_its_spaces(start):
    hub = start("--user", "alice:hf_alice", "--user", "bob:hf_bob", "--org", "acme:team:alice=admin,bob=read")
    spaces.docker(hub.api("hf_alice"), "acme/demo")
    with pytest.raises(HfHubHTTPError) as caught:
        hub.api("hf_bob").pause_space("acme/demo")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("write", 200), ("contributor", 403), ("read", 403)])
def test_the_role_in_an_organization_decides_who_may_push(start, role, status):
    hub = start("--user", "local:hf_local", "--user", "bob:hf_bob", f"--org=acme:team:local=admin,bob={role}")
    spaces.docker(hub.api(), "acme/demo")
    with hub.http("hf_bob") as client:
        answer = client.post("/api/spaces/acme/demo/secrets", json={"key": "A", "value": "1"})
    assert answer.status_code == status


def test_a_contributor_may_create_but_change_only_what_they_created(start):
    hub = start("--user", "local:hf_local", "--user", "bob:hf_bob", "--org=acme:team:local=admin,bob=contributor")
    spaces.docker(hub.api(), "acme/theirs", private=True)
    bob = hub.api("hf_bob")
    spaces.docker(bob, "acme/mine")
    spaces.push_app(bob, "acme/mine")
    assert bob.space_info("acme/theirs").private
    for refused in (
        lambda: spaces.push_app(bob, "acme/theirs"),
        lambda: bob.pause_space("acme/theirs"),
        lambda: bob.delete_repo("acme/theirs", repo_type="space"),
        lambda: bob.move_repo("acme/theirs", "acme/taken", repo_type="space"),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            refused()
        assert caught.value.response.status_code == 403
    with hub.http() as client:
        assert client.get("/api/spaces/acme/theirs").json()["sha"] == hub.api().space_info("acme/theirs").sha
    bob.delete_repo("acme/mine", repo_type="space")


def test_protected_is_for_those_who_pay_also_later(start):
    hub = start("--user", "local:hf_local:free")
    with hub.http() as client:
        new = {"name": "page", "type": "space", "sdk": "static"}
        assert client.post("/api/repos/create", json=new | {"visibility": "protected"}).status_code == 402
        assert client.post("/api/repos/create", json=new).status_code == 200
        for settings, status in (({"visibility": "protected"}, 402), ({"visibility": "private"}, 200)):
            assert client.put("/api/spaces/local/page/settings", json=settings).status_code == status
    assert hub.api().space_info("local/page").private


@pytest.mark.parametrize(("plan", "status"), [("free", 402), ("team", 200)])
def test_the_plan_of_the_organization_decides_and_not_that_of_its_member(start, plan, status):
    hub = start("--user", "local:hf_local:pro", f"--org=acme:{plan}:local=admin")
    body = {"name": "demo", "organization": "acme", "type": "space", "sdk": "docker"}
    with hub.http() as client:
        assert client.post("/api/repos/create", json=body).status_code == status


def test_a_read_token_changes_nothing_anywhere(start):
    hub = start("--user", "local:hf_local", "--token", "local:hf_read:read")
    spaces.docker(hub.api(), "local/demo")
    before = hub.runtime("local/demo")
    space = "/api/spaces/local/demo"
    with hub.http("hf_read") as client:
        answers = [
            client.request(method, path, json=body)
            for method, path, body in [
                ("POST", "/api/repos/create", {"name": "new", "type": "space", "sdk": "docker"}),
                ("DELETE", "/api/repos/delete", {"name": "demo", "organization": "local", "type": "space"}),
                ("POST", "/api/repos/move", {"fromRepo": "local/demo", "toRepo": "local/x", "type": "space"}),
                ("PUT", f"{space}/settings", {"private": True}),
                ("POST", f"{space}/duplicate", {"repository": "local/copy"}),
                ("POST", f"{space}/secrets", {"key": "A", "value": "1"}),
                ("POST", f"{space}/variables", {"key": "A", "value": "1"}),
                ("POST", f"{space}/restart", None),
                ("POST", f"{space}/hardware", {"flavor": "t4-small"}),
                ("PUT", f"{space}/volumes", {"volumes": []}),
                ("POST", f"{space}/commit/main", None),
                ("POST", f"{space}/branch/dev", {}),
                ("POST", f"{space}/super-squash/main", {}),
                ("POST", "/api/settings/webhooks", {"url": "http://127.0.0.1:9/", "watched": []}),
            ]
        ]
    assert {(answer.request.url.path, answer.status_code) for answer in answers if answer.status_code != 403} == set()
    assert hub.runtime("local/demo") == before
