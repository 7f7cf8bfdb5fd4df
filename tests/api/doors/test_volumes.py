import pytest
from huggingface_hub import Volume
from tests.api.doors.conftest import NEXT, Crew
from tests.localhub_server import LocalHub

BUCKET = {"type": "bucket", "source": "acme/data", "mount_path": "/data"}
MODEL = {"type": "model", "source": "acme/bert", "mount_path": "/model", "revision": "v1", "read_only": True}


@pytest.fixture
def app(crew: Crew) -> str:
    """The path of a docker space: a static one takes no volumes."""
    body = {"owner": "local", "name": f"{crew.name}-app", "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body)
    return f"/api/v1/spaces/local/{crew.name}-app"


def test_volumes_are_one_list_that_is_replaced(crew: Crew, hub: LocalHub, app: str) -> None:
    assert crew.done("GET", f"{app}/volumes") == {"volumes": [], "staged": None, "on_hub": None}
    crew.done("PUT", f"{app}/volumes", {"volumes": [BUCKET | {"path": "sub"}, MODEL]})
    there = hub.api().get_space_runtime(f"local/{crew.name}-app").volumes
    assert [(each.type, each.source, each.mount_path, each.revision, each.read_only, each.path) for each in there] == [
        ("bucket", "acme/data", "/data", None, None, "sub"),
        ("model", "acme/bert", "/model", "v1", True, None),
    ]
    crew.done("PUT", f"{app}/volumes", {"volumes": [BUCKET]})
    shown = crew.done("GET", f"{app}/volumes?fresh=true")
    assert [each["source"] for each in shown["volumes"]] == ["acme/data"]
    assert shown["on_hub"] == [{"type": "bucket", "source": "acme/data", "mountPath": "/data"}]
    assert crew.done("DELETE", f"{app}/volumes")["volumes"] == []
    assert hub.api().get_space_runtime(f"local/{crew.name}-app").volumes in ([], None)


def test_what_the_hub_refuses_comes_back_as_its_sentence_and_changes_nothing(
    crew: Crew, hub: LocalHub, app: str
) -> None:
    crew.done("PUT", f"{app}/volumes", {"volumes": [BUCKET]})
    refused = crew.ask("owner", "PUT", f"{app}/volumes", {"volumes": [BUCKET, MODEL | {"mount_path": "/data"}]})
    assert "an absolute path of its own" in refused.json()["detail"]
    assert len(crew.done("GET", f"{app}/volumes")["volumes"]) == 1
    crew.done("DELETE", f"{app}/volumes")
    nothing = crew.ask("owner", "DELETE", f"{app}/volumes")
    assert "No volumes are attached" in nothing.json()["detail"]
    static = crew.ask("owner", "PUT", "{space}/volumes", {"volumes": [BUCKET]})
    assert "static Spaces" in static.json()["detail"]
    assert {answer.json()["code"] for answer in (refused, nothing, static)} == {"hub_refused"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "disk"},
        {"source": "no-slash"},
        {"source": "a/b/c"},
        {"mount_path": "data"},
        {"mount_path": "/"},
        {"mount_path": "/a\0"},
        {"revision": "v1"},
        {"type": "model", "read_only": False},
        {"size": 1},
    ],
    ids=str,
)
def test_what_can_never_be_mounted_is_refused_before_the_hub_hears_of_it(crew: Crew, hub: LocalHub, wrong) -> None:
    last = hub.calls()[-1]["number"]
    answer = crew.ask("owner", "PUT", "{space}/volumes", {"volumes": [BUCKET | wrong]})
    assert answer.status_code == 422, answer.text
    assert hub.calls(after=last) == []


def test_an_adopted_space_brings_its_volumes(crew: Crew, hub: LocalHub) -> None:
    repo_id = f"local/{crew.name}-old"
    hub.api().create_repo(
        repo_id,
        repo_type="space",
        space_sdk="docker",
        space_volumes=[Volume(type="bucket", source="acme/data", mount_path="/data", read_only=True)],
    )
    body = {"owner": "local", "name": f"{crew.name}-old", "adopt": True, "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body)
    [found] = crew.done("GET", f"/api/v1/spaces/{repo_id}/volumes")["volumes"]
    assert (found["source"], found["mount_path"], found["read_only"]) == ("acme/data", "/data", True)


def test_volumes_are_staged_and_applied_together_with_everything_else(crew: Crew, hub: LocalHub, app: str) -> None:
    repo_id = f"local/{crew.name}-app"
    staged = crew.done("PUT", f"{app}/volumes?{NEXT}", {"volumes": [BUCKET | {"read_only": False}]})
    assert (staged["volumes"], [each["source"] for each in staged["staged"]]) == ([], ["acme/data"])
    crew.done("PUT", f"{app}/secrets/volumes?{NEXT}", {"value": "a secret may be called so"})
    waiting = crew.done("GET", f"{app}/configuration/staged")
    assert [(each["kind"], each["action"]) for each in waiting] == [("secret", "set"), ("volumes", "set")]
    assert not hub.api().get_space_runtime(repo_id).volumes
    assert len(crew.done("POST", f"{app}/configuration/apply")) == 2
    assert [each.mount_path for each in hub.api().get_space_runtime(repo_id).volumes] == ["/data"]
    shown = crew.done("GET", f"{app}/volumes")
    assert ([each["source"] for each in shown["volumes"]], shown["staged"]) == (["acme/data"], None)
    crew.done("DELETE", f"{app}/volumes?{NEXT}")
    assert crew.done("DELETE", f"{app}/configuration/staged?kind=volumes") == {"changes": 1}
    assert crew.done("GET", f"{app}/configuration/staged") == []


def test_volumes_that_somebody_changed_on_the_hub_are_drift_until_they_are_set_again(
    crew: Crew, hub: LocalHub, app: str
) -> None:
    crew.done("PUT", f"{app}/volumes", {"volumes": [BUCKET | {"read_only": False}, MODEL | {"revision": "main"}]})
    crew.done("GET", f"{app}/volumes?fresh=true")
    assert not crew.done("GET", f"{app}/drift")["drifted"]
    other = Volume(type="bucket", source="acme/other", mount_path="/data")
    hub.api().set_space_volumes(f"local/{crew.name}-app", [other])
    assert [each["source"] for each in crew.done("GET", f"{app}/volumes?fresh=true")["volumes"]] == ["acme/other"]
    assert [each["field"] for each in crew.done("GET", f"{app}/drift")["differences"]] == ["volumes"]
    crew.done("PUT", f"{app}/volumes", {"volumes": [BUCKET]})
    assert not crew.done("GET", f"{app}/drift")["drifted"]


def test_volumes_are_left_alone_while_a_deployment_is_under_way(crew: Crew, app: str) -> None:
    crew.done("POST", f"{app}/deployments", {"source": {"kind": "space", "repo_id": "local/other"}})
    answer = crew.ask("owner", "PUT", f"{app}/volumes", {"volumes": [BUCKET]})
    assert (answer.status_code, answer.json()["code"]) == (409, "space_busy")
