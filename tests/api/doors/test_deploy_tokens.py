"""What a deploy token may do, what it may not, and when it stops counting."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select
from tests.api.doors.conftest import Crew
from tests.spaceport_server import archive

from spaceport import clock
from spaceport.deploy_tokens.model import DeployToken


class Ci:
    """A CI job with a token."""

    def __init__(self, crew: Crew, token: str) -> None:
        self.api = crew.people["owner"].api
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str):
        return self.api.get(path, headers=self.headers)

    def post(self, path: str, json=None, **headers: str):
        return self.api.post(path, json=json, headers=self.headers | headers)

    def upload(self):
        return self.api.post("/api/v1/uploads", files={"file": ("a", archive({"a": "b"}))}, headers=self.headers)


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def issued(crew: Crew) -> dict:
    return crew.ask("admin", "POST", "{space}/deploy-tokens", {"name": "github actions"}).json()


@pytest.fixture
def ci(crew: Crew, issued: dict) -> Ci:
    return Ci(crew, issued["token"])


def test_it_uploads_deploys_its_space_and_reads_what_came_of_it(crew: Crew, ci: Ci, issued: dict, events) -> None:
    upload = ci.upload().json()
    assert upload["team_id"] == crew.team_id
    source = {"kind": "upload", "upload_id": upload["id"]}
    asked = ci.post(f"{crew.space}/deployments", {"source": source})
    assert asked.status_code == 202
    path = asked.headers["Location"]
    assert ci.get(path).json()["source"]["upload_id"] == upload["id"]
    assert ci.get(f"{path}/logs").json() == {"items": [], "next_cursor": 0, "pruned_at": None}
    assert ci.get(f"{path}/summary").text.startswith("## Deployment to local/")
    crew.done("POST", f"{path}/cancellation")
    assert "was canceled" in ci.get(f"{path}/summary").text
    assert ci.post(f"{crew.space}/deployments").status_code == 202
    assert events("deployment.queued")[0]["actor"] == issued["id"]


def test_a_request_that_ci_repeats_is_carried_out_once(crew: Crew, ci: Ci) -> None:
    first, again = (ci.post(f"{crew.space}/deployments", {}, **{"Idempotency-Key": "run 7"}) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(crew.done("GET", "{space}/deployments")["items"]) == 1


def test_it_is_shown_once_and_kept_as_a_hash(crew: Crew, issued: dict, database, events) -> None:
    answer = crew.ask("admin", "POST", "{space}/deploy-tokens", {"name": "other", "expires_in_days": 1})
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()["token"]
    assert re.fullmatch(r"spd_[0-9a-z]{26}_[\w-]{43}", token)
    secret = token.rpartition("_")[2]
    listed = crew.ask("viewer", "GET", "{space}/deploy-tokens")
    assert [one["name"] for one in listed.json()] == ["other", "github actions"]
    assert secret not in listed.text
    with database.unit_of_work() as session:
        rows = session.exec(select(DeployToken)).all()
        assert not any(secret in str(row.model_dump()) for row in rows)
    created = events("deploy_token.created")
    assert [event["token_id"] for event in created] == [issued["id"], answer.json()["id"]]
    assert secret not in str(created)


def test_another_source_is_refused_so_that_it_cannot_be_read_through_the_space(crew: Crew, ci: Ci) -> None:
    for source in (
        {"kind": "space", "repo_id": "local/other"},
        {"kind": "git", "url": "https://github.com/acme/private"},
    ):
        answer = ci.post(f"{crew.space}/deployments", {"source": source})
        assert code(answer) == (403, "deploy_token_source")


def test_another_space_of_the_team_and_its_deployments_do_not_exist_for_it(crew: Crew, ci: Ci, docker: str) -> None:
    theirs = crew.done("POST", f"{docker}/deployments")["id"]
    assert code(ci.post(f"{docker}/deployments")) == (404, "space_not_found")
    for path in ("", "/logs", "/summary"):
        assert code(ci.get(f"/api/v1/deployments/{theirs}{path}")) == (404, "deployment_not_found")


def test_every_other_route_refuses_it_and_says_so(crew: Crew, ci: Ci, issued: dict) -> None:
    """All operations of the document but those that it is for."""
    may = {"upload_archive", "create_deployment", "read_deployment", "read_deployment_log"}
    may |= {"read_deployment_summary"}
    document = ci.api.app.openapi()
    asked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] in may or "security" not in operation:
                continue
            url = path.replace("{owner}", "local").replace("{name}", crew.name)
            url = re.sub(r"\{(\w+)_id\}", lambda kind: f"{PREFIXES.get(kind[1], kind[1])}_{'0' * 26}", url)
            answer = ci.api.request(method, url, headers=ci.headers)
            assert code(answer) == (403, "deploy_token_not_enough"), (method, url)
            asked += 1
    assert asked > 20


PREFIXES = {"session": "ses", "user": "usr", "account": "hub", "deployment": "dep", "token": "dtk"}


def test_it_ends_with_its_time(crew: Crew, ci: Ci, issued: dict, monkeypatch) -> None:
    later = clock.now() + timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = ci.post(f"{crew.space}/deployments")
    assert code(answer) == (401, "deploy_token_invalid")
    assert "expired" in answer.json()["detail"]


def test_it_ends_when_it_is_revoked_which_may_be_said_twice(crew: Crew, ci: Ci, issued: dict, events) -> None:
    for _ in range(2):
        crew.ask("admin", "DELETE", f"{crew.space}/deploy-tokens/{issued['id']}")
    answer = ci.upload()
    assert code(answer) == (401, "deploy_token_invalid")
    assert "revoked" in answer.json()["detail"]
    assert crew.done("GET", "{space}/deploy-tokens") == []
    assert [event["token_id"] for event in events("deploy_token.revoked")] == [issued["id"]]


def test_a_token_of_another_space_cannot_be_revoked_through_this_one(crew: Crew, issued: dict, docker: str) -> None:
    answer = crew.ask("admin", "DELETE", f"{docker}/deploy-tokens/{issued['id']}")
    assert code(answer) == (404, "deploy_token_not_found")


@pytest.mark.parametrize("how", ["removed", "made a viewer"])
def test_it_ends_with_the_rights_of_who_made_it(crew: Crew, ci: Ci, how: str) -> None:
    member = f"/api/v1/teams/{crew.team_id}/members/{crew.people['admin'].id}"
    answer = (
        crew.ask("owner", "DELETE", member)
        if how == "removed"
        else crew.ask("owner", "PATCH", member, {"role": "viewer"})
    )
    assert answer.is_success, answer.text
    assert code(ci.post(f"{crew.space}/deployments")) == (401, "deploy_token_invalid")


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace(token[4:30], "0" * 26),
        lambda token: token[:-1],
        lambda token: token + "x" * 5000,
        lambda token: "spd_",
    ],
    ids=["another secret", "another id", "too short", "too long", "prefix alone"],
)
def test_a_token_that_is_not_ours_is_refused_without_a_hint(crew: Crew, issued: dict, change) -> None:
    answer = Ci(crew, change(issued["token"])).upload()
    assert code(answer) == (401, "deploy_token_invalid")
    assert answer.json()["detail"] == "The deploy token is not valid."


def test_its_use_is_noted_to_the_minute(crew: Crew, ci: Ci, monkeypatch) -> None:
    def noted() -> str | None:
        return crew.done("GET", "{space}/deploy-tokens")[0]["last_used_at"]

    assert noted() is None
    ci.upload()
    first = noted()
    assert first is not None
    ci.upload()
    assert noted() == first
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    ci.upload()
    assert noted() != first


def test_its_life_has_limits(crew: Crew) -> None:
    for body in ({"name": "x", "expires_in_days": 0}, {"name": "x", "expires_in_days": 367}, {}, {"name": ""}):
        assert crew.ask("admin", "POST", "{space}/deploy-tokens", body).status_code == 422
