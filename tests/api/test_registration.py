import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from spaceport.accounts.model import User

REGISTER = "/api/v1/auth/register"
ADA = {"email": "ada@example.org", "name": "Ada Lovelace", "password": "correct horse battery"}


def test_registering_makes_a_user_and_their_personal_team(api):
    answer = api.post(REGISTER, json=ADA)
    assert answer.status_code == 201
    account = answer.json()
    assert account["user"]["email"] == "ada@example.org"
    assert set(account["user"]) == {"id", "email", "name", "created_at"}
    [team] = account["teams"]
    assert (team["slug"], team["personal"], team["role"]) == ("ada-lovelace", True, "owner")


def test_the_password_is_stored_as_an_argon2id_hash_alone(api, database):
    api.post(REGISTER, json=ADA)
    with database.unit_of_work() as session:
        user = session.exec(select(User)).one()
    assert user.password_hash.startswith("$argon2id$")
    assert user.password_hash not in repr(user)


def test_an_address_registers_once_whatever_its_case(api):
    api.post(REGISTER, json=ADA)
    again = api.post(REGISTER, json=ADA | {"email": " ADA@Example.ORG "})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


def test_of_simultaneous_registrations_of_one_address_one_succeeds(api):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.post(REGISTER, json=ADA), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_two_people_of_one_name_get_two_team_slugs(api):
    slugs = {
        api.post(REGISTER, json=ADA | {"email": f"ada{n}@example.org"}).json()["teams"][0]["slug"] for n in range(3)
    }
    assert len(slugs) == 3


def test_a_name_without_latin_letters_still_gives_a_team(api):
    answer = api.post(REGISTER, json=ADA | {"name": "陳大文"})
    assert answer.json()["teams"][0]["slug"] == "team"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "elevenchars"),
        ("password", "x" * 129),
        ("password", None),
        ("password", "correct horse \ud800"),
        ("email", "no-at-sign"),
        ("email", "a@b"),
        ("email", "a b@example.org"),
        ("email", "аda@example.org"),
        ("email", "ada@example.org\x00"),
        ("email", f"{'a' * 65}@example.org"),
        ("email", f"ada@{'a.' * 200}org"),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 81),
        ("name", "bell\x07"),
        ("name", "nul\x00"),
        ("name", "\ud800"),
        ("admin", True),
    ],
)
def test_a_bad_field_is_named_and_what_was_sent_is_not_repeated(api, field, value):
    secret = ADA["password"] if field != "password" else value
    body = json.dumps(ADA | {field: value})
    answer = api.post(REGISTER, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert secret is None or secret not in answer.text


def test_a_body_that_is_no_object_does_not_come_back(api):
    for body in (
        '"correct horse battery"',
        '["correct horse battery"]',
        '{"password": "correct horse battery"',
    ):
        answer = api.post(REGISTER, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert "battery" not in answer.text
