"""One's own account: sessions and deploy tokens."""

import re

import pytest


@pytest.fixture
def owner(visit, crew):
    return visit(crew.people["owner"])


def issued(answer) -> str:
    return re.search(r"<code>(spd_[^<]+)</code>", answer.text)[1]


def sessions(person) -> list[dict]:
    return person.get("/api/v1/me/sessions").json()


def make(browser, crew, **fields: str):
    wanted = {"name": "github actions", "space": crew.repo_id, "expires_in_days": "30"} | fields
    return browser.submit("/account/deploy-tokens", wanted)


def test_one_session_is_ended_and_the_others_stay(owner, crew):
    person = crew.people["owner"]
    other = person.sign_in_again()
    [gone] = [each["id"] for each in sessions(other) if each["current"]]
    assert owner.submit(f"/account/sessions/{gone}/end").headers["location"] == "/account"
    assert other.get("/api/v1/me").status_code == 401
    assert person.get("/api/v1/me").status_code == 200


def test_all_other_sessions_are_ended_and_this_one_stays(owner, crew, visit):
    person, elsewhere = crew.people["owner"], visit(crew.people["owner"])
    assert "End all others" in owner.get("/account").text
    owner.submit("/account/sessions/end-others")
    assert person.get("/api/v1/me").status_code == 401
    assert elsewhere.get("/account").status_code == 303
    text = owner.get("/account").text
    assert "You are signed in here alone." in text
    assert "End all others" not in text


def test_somebody_elses_session_is_not_ended(owner, crew):
    [theirs] = sessions(crew.people["viewer"])
    assert owner.submit(f"/account/sessions/{theirs['id']}/end").status_code == 404
    owner.submit("/account/sessions/end-others")
    assert crew.people["viewer"].get("/api/v1/me").status_code == 200


def test_a_deploy_token_is_shown_once_and_deploys(owner, crew):
    answer = make(owner, crew)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    token = issued(answer)
    text = owner.get("/account").text
    assert token not in text
    assert "github actions" in text
    assert "never<span" in text
    headers = {"Authorization": f"Bearer {token}"}
    assert crew.people["owner"].api.post(f"{crew.space}/deployments", json={}, headers=headers).status_code == 202
    assert "never<span" not in owner.get("/account").text


def test_a_revoked_token_is_refused_after_a_page_that_says_what_stops(owner, crew):
    token = issued(make(owner, crew))
    [found] = crew.done("GET", f"{crew.space}/deploy-tokens")
    page = f"/account/deploy-tokens/{found['id']}/revoke"
    assert f"Whatever deploys {crew.repo_id} with it" in owner.get(page).text
    assert owner.submit(page).headers["location"] == "/account"
    headers = {"Authorization": f"Bearer {token}"}
    assert crew.people["owner"].api.post(f"{crew.space}/deployments", json={}, headers=headers).status_code == 401
    assert "refused from now on" in owner.get("/account").text
    assert "deploy-tokens/dtk_" not in owner.get("/account").text
    assert owner.get(page).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": ""}, 422, "Name:"),
        ({"expires_in_days": "9999"}, 422, "Expires in days:"),
        ({"space": "acme/nowhere"}, 404, "Your teams manage no space acme/nowhere."),
        ({"space": "nonsense"}, 404, "Your teams manage no space"),
    ],
)
def test_a_token_that_cannot_be_made_says_why_and_keeps_what_was_typed(owner, crew, fields, status, said):
    answer = make(owner, crew, **fields)
    assert answer.status_code == status
    assert said in answer.text
    assert f'value="{fields.get("space", crew.repo_id)}"' in answer.text
    assert "spd_" not in answer.text


@pytest.mark.parametrize(("role", "status"), [("stranger", 404), ("viewer", 403), ("deployer", 403), ("admin", 201)])
def test_who_may_make_a_token(visit, crew, role, status):
    assert make(visit(crew.people[role]), crew).status_code == status


def test_somebody_elses_token_is_not_revoked(owner, crew, visit):
    make(owner, crew)
    [found] = crew.done("GET", f"{crew.space}/deploy-tokens")
    for who in ("admin", "stranger"):
        assert visit(crew.people[who]).submit(f"/account/deploy-tokens/{found['id']}/revoke").status_code == 404
    assert len(crew.done("GET", f"{crew.space}/deploy-tokens")) == 1


def test_the_account_costs_as_many_statements_with_many_tokens(owner, crew, statements):
    make(owner, crew)
    few = statements(owner, "/account")
    for number in range(5):
        make(owner, crew, name=f"ci-{number}")
    assert statements(owner, "/account") == few
