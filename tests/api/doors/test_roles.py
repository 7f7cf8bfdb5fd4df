"""Every route, asked by everybody: nothing of another team is seen or changed, and each role may do its part."""

import re

import pytest
from sqlmodel import col, select
from tests.api.doors.conftest import NEXT, ROLES, Crew

from spaceport.db.database import Database
from spaceport.events.model import Event

PEOPLE = ("nobody", "stranger", *ROLES)
UPLOAD = "upl_" + "0" * 26
SPACE = {"owner": "local", "name": "new-one", "sdk": "static", "hub_account_id": "{account}"}
VOLUMES = {"volumes": [{"type": "bucket", "source": "acme/data", "mount_path": "/data"}]}
# A deployment is under way, so that changes of secrets and variables can be staged alone.
STAGED = (401, 404, 403, 200, 200, 200)
OTHER = {"source": {"kind": "upload", "upload_id": UPLOAD}}

# Who may not gets a result that says so: test_fleet.py.
BULK = {"action": "restart", "spaces": ["local/elsewhere"]}

# What is asked, and what nobody, a stranger, a viewer, a deployer, an admin and an owner are answered.
MATRIX = {
    "list spaces": ("GET", "/api/v1/spaces", None, (401, 200, 200, 200, 200, 200)),
    "read a space": ("GET", "{space}", None, (401, 404, 200, 200, 200, 200)),
    "create a space": ("POST", "/api/v1/spaces", SPACE, (401, 404, 403, 403, 201, 201)),
    "change a space": ("PATCH", "{space}", {"health": {"path": "/x"}}, (401, 404, 403, 403, 200, 200)),
    "drop a space": ("DELETE", "{space}?confirm={repo_id}", None, (401, 404, 403, 403, 200, 200)),
    # What a static Space answers: the Hub has nothing to pause or to set there.
    "pause": ("POST", "{space}/pause", None, (401, 404, 403, 422, 422, 422)),
    "restart": ("POST", "{space}/restart", None, (401, 404, 403, 409, 409, 409)),
    "read settings": ("GET", "{space}/settings", None, (401, 404, 200, 200, 200, 200)),
    "change settings": ("PATCH", "{space}/settings", {"replicas": 2}, (401, 404, 403, 403, 422, 422)),
    "read the runtime": ("GET", "{space}/runtime", None, (401, 404, 200, 200, 200, 200)),
    "read the log": ("GET", "{space}/logs?kind=build", None, (401, 404, 200, 200, 200, 200)),
    "follow the log": ("GET", "{space}/logs/stream?kind=build", None, (401, 404, 200, 200, 200, 200)),
    "ask the app": ("GET", "{space}/app", None, (401, 404, 403, 200, 200, 200)),
    "list hub accounts": ("GET", "/api/v1/hub-accounts", None, (401, 200, 200, 200, 200, 200)),
    "read a hub account": ("GET", "/api/v1/hub-accounts/{account}", None, (401, 404, 200, 200, 200, 200)),
    "store a hub account": (
        "POST",
        "/api/v1/hub-accounts",
        {"token": "hf_local", "team_id": "{team}"},
        (401, 404, 403, 403, 201, 201),
    ),
    "remove a hub account": ("DELETE", "/api/v1/hub-accounts/{account}", None, (401, 404, 403, 403, 409, 409)),
    "upload": ("POST", "/api/v1/uploads?team_id={team}", "file", (401, 404, 403, 201, 201, 201)),
    "deploy": ("POST", "{space}/deployments", {}, (401, 404, 403, 202, 202, 202)),
    "list releases": ("GET", "{space}/releases", None, (401, 404, 200, 200, 200, 200)),
    # To those who may, that this one never was.
    "roll back": ("POST", "{space}/rollbacks", {"release": 9}, (401, 404, 403, 404, 404, 404)),
    "read drift": ("GET", "{space}/drift", None, (401, 404, 200, 200, 200, 200)),
    "act on many spaces": ("POST", "/api/v1/spaces/bulk", BULK, (401, 200, 200, 200, 200, 200)),
    "list hardware": ("GET", "/api/v1/hardware", None, (401, 422, 200, 200, 200, 200)),
    "read a space's cost": ("GET", "{space}/cost", None, (401, 404, 200, 200, 200, 200)),
    "read a team's cost": ("GET", "/api/v1/teams/{team}/cost", None, (401, 404, 200, 200, 200, 200)),
    "list a team's activity": ("GET", "/api/v1/teams/{team}/activity", None, (401, 404, 200, 200, 200, 200)),
    "list a space's activity": ("GET", "{space}/activity", None, (401, 404, 200, 200, 200, 200)),
    "list secrets": ("GET", "{space}/secrets", None, (401, 404, 200, 200, 200, 200)),
    "read a secret": ("GET", "{space}/secrets/{secret}", None, (401, 404, 200, 200, 200, 200)),
    "set a secret": ("PUT", "{space}/secrets/{secret}?" + NEXT, {"value": "y"}, STAGED),
    "set secrets": ("POST", "{space}/secrets?" + NEXT, {"secrets": [{"key": "NEW", "value": "x"}]}, STAGED),
    "delete a secret": (
        "DELETE",
        "{space}/secrets/{secret}?confirm={secret}&" + NEXT,
        None,
        (401, 404, 403, 200, 200, 200),
    ),
    "list secret versions": ("GET", "{space}/secrets/{secret}/versions", None, (401, 404, 200, 200, 200, 200)),
    "restore a secret": ("POST", "{space}/secrets/{secret}/restore?" + NEXT, {"version": 1}, STAGED),
    "list variables": ("GET", "{space}/variables", None, (401, 404, 200, 200, 200, 200)),
    "read a variable": ("GET", "{space}/variables/{variable}", None, (401, 404, 200, 200, 200, 200)),
    "set a variable": ("PUT", "{space}/variables/{variable}?" + NEXT, {"value": "x"}, STAGED),
    "set variables": ("POST", "{space}/variables?" + NEXT, {"variables": [{"key": "NEW", "value": "x"}]}, STAGED),
    "delete a variable": ("DELETE", "{space}/variables/{variable}?" + NEXT, None, (401, 404, 403, 200, 200, 200)),
    "list variable versions": ("GET", "{space}/variables/{variable}/versions", None, (401, 404, 200, 200, 200, 200)),
    "restore a variable": ("POST", "{space}/variables/{variable}/restore?" + NEXT, {"version": 1}, STAGED),
    "list staged changes": ("GET", "{space}/configuration/staged", None, (401, 404, 200, 200, 200, 200)),
    "discard staged changes": ("DELETE", "{space}/configuration/staged", None, (401, 404, 403, 200, 200, 200)),
    # Refused to those who may, because a deployment is under way.
    "apply staged changes": ("POST", "{space}/configuration/apply", None, (401, 404, 403, 409, 409, 409)),
    "read volumes": ("GET", "{space}/volumes", None, (401, 404, 200, 200, 200, 200)),
    "set volumes": ("PUT", "{space}/volumes", VOLUMES, (401, 404, 403, 409, 409, 409)),
    "delete volumes": ("DELETE", "{space}/volumes", None, (401, 404, 403, 409, 409, 409)),
    "duplicate": ("POST", "{space}/duplicate", {"owner": "nobody", "name": "x"}, (401, 404, 403, 403, 403, 403)),
    "list deployments": ("GET", "{space}/deployments", None, (401, 404, 200, 200, 200, 200)),
    "read a deployment": ("GET", "/api/v1/deployments/{deployment}", None, (401, 404, 200, 200, 200, 200)),
    "read a log": ("GET", "/api/v1/deployments/{deployment}/logs", None, (401, 404, 200, 200, 200, 200)),
    "follow": ("GET", "/api/v1/deployments/{ended}/events", None, (401, 404, 200, 200, 200, 200)),
    "cancel": ("POST", "/api/v1/deployments/{deployment}/cancellation", None, (401, 404, 403, 202, 409, 409)),
    "create a hook": ("POST", "{space}/hooks", {}, (401, 404, 403, 403, 200, 200)),
    "list hooks": ("GET", "{space}/hooks", None, (401, 404, 200, 200, 200, 200)),
    "read a hook": ("GET", "/api/v1/hooks/{hook}", None, (401, 404, 200, 200, 200, 200)),
    "rotate a secret": ("POST", "/api/v1/hooks/{hook}/secret-rotation", {}, (401, 404, 403, 403, 200, 200)),
    "delete a hook": ("DELETE", "/api/v1/hooks/{hook}", None, (401, 404, 403, 403, 204, 404)),
    "list deliveries": ("GET", "/api/v1/deliveries", None, (401, 200, 200, 200, 200, 200)),
    "read a delivery": ("GET", "/api/v1/deliveries/{delivery}", None, (401, 404, 200, 200, 200, 200)),
    "redeliver": ("POST", "/api/v1/deliveries/{delivery}/redelivery", None, (401, 404, 403, 202, 202, 202)),
    "read deploy rules": ("GET", "{space}/deploy-rules", None, (401, 404, 200, 200, 200, 200)),
    "set deploy rules": ("PUT", "{space}/deploy-rules", {"approval": True}, (401, 404, 403, 403, 200, 200)),
    "approve": ("POST", "/api/v1/deployments/{deployment}/approval", {}, (401, 404, 403, 403, 409, 409)),
    "reject": ("POST", "/api/v1/deployments/{deployment}/rejection", {}, (401, 404, 403, 403, 409, 409)),
    "read a summary": ("GET", "/api/v1/deployments/{ended}/summary", None, (401, 404, 200, 200, 200, 200)),
    "read a ci snippet": ("GET", "{space}/ci-snippet?host=github", None, (401, 404, 200, 200, 200, 200)),
    "make a deploy token": ("POST", "{space}/deploy-tokens", {"name": "ci"}, (401, 404, 403, 403, 201, 201)),
    "list deploy tokens": ("GET", "{space}/deploy-tokens", None, (401, 404, 200, 200, 200, 200)),
    "revoke a deploy token": (
        "DELETE",
        "{space}/deploy-tokens/{deploy_token}",
        None,
        (401, 404, 403, 403, 204, 204),
    ),
    "list jobs": ("GET", "/api/v1/jobs", None, (401, 200, 200, 200, 200, 200)),
    "read a job": ("GET", "/api/v1/jobs/{job}", None, (401, 404, 200, 200, 200, 200)),
} | {
    # The Hub knows no job of this id: whoever may ask it is told so.
    what: (method, f"/api/v1/hub-jobs{path}?hub_account_id={{account}}", body, (401, 404, *expected))
    for what, (method, path, body, expected) in {
        "run a hub job": ("POST", "", {"docker_image": "none", "command": ["x"]}, (403, 201, 201, 201)),
        "list hub jobs": ("GET", "", None, (200, 200, 200, 200)),
        "list hub job hardware": ("GET", "/hardware", None, (200, 200, 200, 200)),
        "read a hub job": ("GET", "/{job}", None, (404, 404, 404, 404)),
        "follow a hub job": ("GET", "/{job}/logs", None, (404, 404, 404, 404)),
        "cancel a hub job": ("POST", "/{job}/cancel", None, (403, 404, 404, 404)),
        "rerun a hub job": ("POST", "/{job}/rerun", None, (403, 404, 404, 404)),
        "label a hub job": ("PUT", "/{job}/labels", {"labels": {}}, (403, 404, 404, 404)),
        "schedule a hub job": (
            "POST",
            "/scheduled",
            {"schedule": "@yearly", "job_spec": {"docker_image": "none", "command": ["x"]}},
            (403, 201, 201, 201),
        ),
        "list scheduled hub jobs": ("GET", "/scheduled", None, (200, 200, 200, 200)),
        "read a scheduled hub job": ("GET", "/scheduled/{job}", None, (404, 404, 404, 404)),
        "suspend a scheduled hub job": ("POST", "/scheduled/{job}/suspend", None, (403, 404, 404, 404)),
        "resume a scheduled hub job": ("POST", "/scheduled/{job}/resume", None, (403, 404, 404, 404)),
        "trigger a scheduled hub job": ("POST", "/scheduled/{job}/trigger", None, (403, 404, 404, 404)),
        "delete a scheduled hub job": ("DELETE", "/scheduled/{job}", None, (403, 404, 404, 404)),
    }.items()
}
# Covered for every role in test_teams.py, about the caller alone, without an end (test_activity.py), or open to whoever
# signs (test_hooks.py).
ELSEWHERE = re.compile(r"/api/v1/(teams|me|auth)|/health$|/webhooks/|\{space\}/events$")


# Restarts nothing here; finds the hook that is there already.
UNRECORDED = {"act on many spaces", "create a hook"}


def filled(value: object, crew: Crew) -> object:
    if isinstance(value, dict):
        return {key: filled(each, crew) for key, each in value.items()}
    return value.format(team=crew.team_id, **crew.ids) if isinstance(value, str) else value


@pytest.mark.parametrize("what", MATRIX)
def test_each_may_do_what_the_matrix_says_and_what_they_did_is_on_record(
    everything: Crew, what: str, database: Database
) -> None:
    method, path, body, expected = MATRIX[what]
    if what == "create a space":
        body = body | {"name": f"{everything.name}-new"}
    if what == "drop a space":
        everything.done("POST", "/api/v1/deployments/{deployment}/cancellation")
    answered = []
    recorded = len(actors(database))
    for who in PEOPLE:
        answer = everything.ask(who, method, path, filled(body, everything))
        answered.append(answer.status_code)
        if answer.is_success and who == "admin" and what in {"create a space", "drop a space"}:
            undo(everything, what)
        if who in {"nobody", "stranger"}:
            assert not leaks(everything, answer.text, path)
    assert dict(zip(PEOPLE, answered, strict=True)) == dict(zip(PEOPLE, expected, strict=True))
    if method != "GET" and what not in UNRECORDED:
        did = [everything.people[who].id for who, status in zip(PEOPLE, answered, strict=True) if status < 300]
        # Whoever came second may have found it done.
        assert set(did[:1]) <= set(actors(database)[recorded:])


def actors(database: Database) -> list[str]:
    """Of everything that happened so far."""
    with database.unit_of_work() as session:
        return list(session.exec(select(Event.actor).order_by(col(Event.id))))


def undo(crew: Crew, what: str) -> None:
    """So that the owner finds what the admin found."""
    if what == "create a space":
        address = f"local/{crew.name}-new"
        crew.done("DELETE", f"/api/v1/spaces/{address}?on_hub=true&confirm={address}")
    elif what == "drop a space":
        body = {"owner": "local", "name": crew.name, "adopt": True, "hub_account_id": crew.ids["account"]}
        crew.done("POST", "/api/v1/spaces", body)


def leaks(crew: Crew, text: str, path: str) -> bool:
    """Whether an answer tells more of the team than the question did."""
    asked = path.format(space=crew.space, repo_id=crew.repo_id, team=crew.team_id, **crew.ids)
    facts = [crew.team_id, *crew.ids.values(), "Engines", crew.people["owner"].id]
    return any(fact in text for fact in facts if fact not in asked)


def test_no_route_is_missing_from_the_matrix(everything: Crew) -> None:
    document = everything.people["owner"].api.app.openapi()
    names = {"/api/v1/spaces/{owner}/{name}": "{space}", "{account_id}": "{account}", "{deployment_id}": "{deployment}"}
    names |= {"{job_id}": "{job}", "{schedule_id}": "{job}", "{hook_id}": "{hook}", "{delivery_id}": "{delivery}"}
    names |= {"/secrets/{key}": "/secrets/{secret}", "/variables/{key}": "/variables/{variable}"}
    names |= {"{token_id}": "{deploy_token}"}
    asked = {(method, path.split("?")[0].replace("{ended}", "{deployment}")) for method, path, *_ in MATRIX.values()}
    for path, operations in document["paths"].items():
        for ours, short in names.items():
            path = path.replace(ours, short)  # noqa: PLW2901
        if not ELSEWHERE.match(path):
            assert {(method.upper(), path) for method in operations} <= asked


def test_a_stranger_cannot_tell_what_is_hidden_from_what_is_not_there(everything: Crew) -> None:
    for hidden, missing in (
        ("/api/v1/deployments/{deployment}", "/api/v1/deployments/dep_" + "0" * 26),
        ("/api/v1/jobs/{job}", "/api/v1/jobs/job_" + "0" * 26),
        ("/api/v1/hub-accounts/{account}", "/api/v1/hub-accounts/hub_" + "0" * 26),
        ("/api/v1/hooks/{hook}", "/api/v1/hooks/hook_" + "0" * 26),
        ("/api/v1/deliveries/{delivery}", "/api/v1/deliveries/dlv_" + "0" * 26),
    ):
        answers = [everything.ask("stranger", "GET", path).json() for path in (hidden, missing)]
        varying = {"instance": "", "request_id": ""}
        assert answers[0] | varying == answers[1] | varying


def test_an_upload_of_another_team_cannot_be_deployed(everything: Crew) -> None:
    theirs = everything.ask("stranger", "POST", "/api/v1/uploads", "file").json()["id"]
    for method, path, body in (
        ("POST", "{space}/deployments", {"source": {"kind": "upload", "upload_id": theirs}}),
        ("PATCH", "{space}", {"source": {"kind": "upload", "upload_id": theirs}}),
    ):
        answer = everything.ask("owner", method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")


def test_lists_hold_the_callers_own_rows_alone(everything: Crew) -> None:
    for path in ("/api/v1/spaces", "/api/v1/jobs", "/api/v1/hub-accounts", "/api/v1/deliveries"):
        assert everything.ask("viewer", "GET", path).json() not in ([], {"items": [], "next_cursor": None})
        assert everything.ask("stranger", "GET", path).json() in ([], {"items": [], "next_cursor": None})
