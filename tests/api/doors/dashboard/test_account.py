"""One's own account: sessions and deploy tokens."""

import pytest
from tests.api.conftest import PASSWORD


def sessions(person) -> list[dict]:
    return person.get("/api/v1/me/sessions").json()


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


def test_the_password_is_changed_and_other_browsers_are_signed_out(owner, crew, visit):
    elsewhere = visit(crew.people["owner"])
    answer = owner.submit("/account/password", {"current": PASSWORD, "new": "another long passphrase"})
    assert answer.headers["location"] == "/account"
    assert "Your password is changed." in owner.get("/account").text
    assert elsewhere.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"current": "not this one", "new": "another long passphrase"}, 403, "The present password is wrong."),
        ({"current": PASSWORD, "new": "short"}, 422, "New:"),
    ],
)
def test_a_password_that_cannot_be_changed_is_said_and_not_repeated(owner, fields, status, said):
    answer = owner.submit("/account/password", fields)
    assert answer.status_code == status
    assert said in answer.text
    assert not any(f'"{value}"' in answer.text for value in fields.values())


def test_the_tokens_that_one_made_are_listed_with_the_way_to_manage_them(owner, crew, visit):
    made = crew.done("POST", "{space}/deploy-tokens", {"name": "github actions"})
    text = owner.get("/account").text
    assert "github actions" in text
    assert "never<span" in text
    assert f'href="/spaces/{crew.repo_id}/pushes/ci"' in text
    assert made["token"] not in text
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert crew.people["owner"].api.post(f"{crew.space}/deployments", json={}, headers=headers).status_code == 202
    assert "never<span" not in owner.get("/account").text
    for other in ("admin", "stranger"):
        assert "github actions" not in visit(crew.people[other]).get("/account").text


def test_the_account_costs_as_many_statements_with_many_tokens(owner, crew, statements):
    crew.done("POST", "{space}/deploy-tokens", {"name": "ci"})
    few = statements(owner, "/account")
    for number in range(5):
        crew.done("POST", "{space}/deploy-tokens", {"name": f"ci-{number}"})
    assert statements(owner, "/account") == few
