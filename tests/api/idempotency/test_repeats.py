"""Requests that are sent again with the same `Idempotency-Key`."""

from dataclasses import replace

import pytest
from sqlmodel import select
from starlette.testclient import TestClient
from tests.api.conftest import PASSWORD, Person, sign_in
from tests.api.idempotency.conftest import ENGINES, KEY, TEAMS, replayed, send

from spaceport.api.application import create_api
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment


def test_the_same_request_gets_the_same_answer_and_deploys_once(ada, space, database):
    first, second = (send(ada, space, json={}) for _ in range(2))
    assert first.status_code == second.status_code == 202, first.text
    assert first.content == second.content
    for name in ("Location", "Content-Type", "Content-Length"):
        assert first.headers[name] == second.headers[name]
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    with database.unit_of_work() as session:
        assert [each.id for each in session.exec(select(Deployment))] == [first.json()["id"]]


def test_a_cancellation_that_is_repeated_does_not_meet_its_own_effect(ada, space):
    deployment = send(ada, space).json()["id"]
    cancellation = f"/api/v1/deployments/{deployment}/cancellation"
    assert [send(ada, cancellation).status_code for _ in range(2)] == [202, 202]
    assert send(ada, cancellation, "another").json()["code"] == "already_final"


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"name": "Other"}},
        {"json": ENGINES, "params": {"dry": "yes"}},
        {"content": b'{"name": "Engines"}', "headers": {"Content-Type": "text/plain"}},
    ],
    ids=["body", "query", "media type"],
)
def test_another_request_under_the_same_key_is_refused(ada, teams, other):
    send(ada, TEAMS, json=ENGINES)
    refused = send(ada, TEAMS, **other)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["request_id"] == refused.headers["X-Request-Id"]
    assert teams() == ["Engines"]


def test_without_a_key_every_request_counts(ada, teams, rows):
    ada.post(TEAMS, ENGINES)
    ada.post(TEAMS, ENGINES)
    assert (len(teams()), rows()) == (2, [])


def test_keys_of_other_people_and_other_routes_are_other_keys(ada, sign_up, teams):
    bob = sign_up("bob")
    made = send(ada, TEAMS, json=ENGINES), send(bob, TEAMS, json=ENGINES)
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]
    members = f"{TEAMS}/{made[0].json()['id']}/members"
    added = send(ada, members, json={"email": bob.email, "role": "viewer"})
    assert (added.status_code, replayed(added)) == (201, False)
    assert len(teams()) == 2


def test_a_key_is_its_user_s_on_every_device(ada):
    elsewhere = ada.sign_in_again()
    assert send(ada, TEAMS, json=ENGINES).content == send(elsewhere, TEAMS, json=ENGINES).content


def test_a_refused_request_may_be_mended_and_sent_with_its_key(ada, teams, rows):
    assert send(ada, TEAMS, json={"name": ""}).json()["code"] == "request_invalid"
    assert send(ada, "/api/v1/spaces", json={}).status_code == 422
    unknown = send(ada, f"{TEAMS}/team_{'0' * 26}/members", json={"email": "a@example.org", "role": "viewer"})
    assert unknown.status_code == 404
    assert send(ada, "/api/v1/" + "nowhere" * 1000).status_code == 404
    assert rows() == []
    made = send(ada, TEAMS, json=ENGINES)
    assert (made.status_code, replayed(made), teams()) == (201, False, ["Engines"])


def test_a_conflict_is_not_kept_because_it_changed_nothing(ada, space, sign_up):
    """Whoever waited for the slot, as the answer says, may send the same request."""
    busy = send(ada, space, "first").json()["id"]
    rejecting = {"if_busy": "reject"}
    assert send(ada, space, json=rejecting).json()["code"] == "space_busy"
    ada.post(f"/api/v1/deployments/{busy}/cancellation")
    assert send(ada, space, json=rejecting).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ü".encode("latin-1"), "ü".encode()])
def test_a_key_of_another_form_is_refused(ada, teams, key):
    refused = send(ada, TEAMS, key, json=ENGINES)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    assert teams() == []


def test_two_keys_at_once_are_refused(ada):
    headers = [*ada.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert ada.api.post(TEAMS, json=ENGINES, headers=headers).json()["code"] == "idempotency_key_invalid"


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", '"quoted, as the draft has it"', "~!'%;"])
def test_printable_ascii_of_up_to_255_characters_is_a_key(ada, key):
    assert send(ada, TEAMS, key, json=ENGINES).content == send(ada, TEAMS, key, json=ENGINES).content


def test_other_methods_do_not_look_at_the_header(ada, rows):
    headers = ada.headers | {"Idempotency-Key": ""}
    assert ada.api.get(TEAMS, headers=headers).status_code == 200
    assert ada.api.delete("/api/v1/spaces/ada/none", headers=headers).status_code == 404
    assert rows() == []


def test_tokens_are_never_kept(ada, rows):
    form = {"username": ada.email, "password": PASSWORD}
    pairs = [send(ada, "/api/v1/auth/token", data=form).json() for _ in range(2)]
    assert pairs[0]["refresh_token"] != pairs[1]["refresh_token"]
    wanted = {"refresh_token": pairs[0]["refresh_token"]}
    assert send(ada, "/api/v1/auth/refresh", json=wanted).status_code == 200
    assert send(ada, "/api/v1/auth/refresh", json=wanted).status_code == 401
    assert send(ada, "/api/v1/auth/logout").status_code == 204
    assert rows() == []


def test_who_is_not_signed_in_is_refused_as_ever_and_leaves_nothing(ada, rows):
    for header in ("", "Bearer nonsense", "Basic abc"):
        answer = send(ada, TEAMS, json=ENGINES, headers={"Authorization": header})
        assert answer.status_code == 401
    assert rows() == []


def test_a_kept_answer_is_not_for_a_session_that_has_ended(ada):
    assert send(ada, TEAMS, json=ENGINES).status_code == 201
    ada.post("/api/v1/auth/logout")
    refused = send(ada, TEAMS, json=ENGINES)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert refused.headers["WWW-Authenticate"]


def test_every_replica_has_the_answer(ada, instance, database_url):
    first = send(ada, TEAMS, json=ENGINES)
    other_database = Database(database_url, pool_size=1)
    replica = create_api(replace(instance, database=other_database))
    again = send(Person(TestClient(replica), "ada", ada.id, "", headers=ada.headers), TEAMS, json=ENGINES)
    other_database.close()
    assert (again.content, replayed(again)) == (first.content, True)


def test_after_24_hours_a_key_is_new_and_old_rows_are_gone(ada, teams, rows, later):
    for key in ("a", "b", KEY):
        send(ada, TEAMS, key, json=ENGINES)
    later(hours=23, minutes=59)
    sign_in(ada.api, ada)
    assert replayed(send(ada, TEAMS, json=ENGINES))
    later(minutes=2)
    again = send(ada, TEAMS, json={"name": "Other"})
    assert (again.status_code, replayed(again)) == (201, False)
    assert teams() == ["Engines", "Engines", "Engines", "Other"]
    send(ada, TEAMS, "fresh", json=ENGINES)
    assert len(rows()) == 2
