from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlmodel import select

from spaceport import clock
from spaceport.accounts.model import User
from spaceport.accounts.tokens import AccessTokens
from spaceport.events.model import Event

TOKEN = "/api/v1/auth/token"
REFRESH = "/api/v1/auth/refresh"
PASSWORD = "correct horse battery"


def test_a_password_gives_a_pair_of_tokens_that_nobody_may_cache(api, sign_up):
    sign_up("ada")
    answer = api.post(TOKEN, data={"grant_type": "password", "username": "ADA@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    pair = answer.json()
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}


def test_an_access_token_opens_me(sign_up):
    ada = sign_up("ada")
    me = ada.get("/api/v1/me").json()
    assert me["user"]["id"] == ada.id
    assert [(team["id"], team["role"]) for team in me["teams"]] == [(ada.personal_team_id, "owner")]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(api, sign_up):
    sign_up("ada")
    wrong, unknown, nonsense = (
        api.post(TOKEN, data={"username": username, "password": "a wrong password"})
        for username in ("ada@example.org", "bob@example.org", "\x00")
    )
    assert wrong.status_code == unknown.status_code == nonsense.status_code == 401
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")
    answers = [answer.json() | {"request_id": ""} for answer in (wrong, unknown, nonsense)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["code"], answers[0]["error"]) == ("credentials_wrong", "invalid_grant")


def test_bytes_that_are_no_text_are_a_wrong_password_like_any_other(api):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"username=%ED%A0%80&password=%ff%00", b"username=\xff&password=\xff"):
        assert api.post(TOKEN, content=content, headers=form).status_code in {401, 422}


def test_an_unknown_grant_type_is_refused_by_its_oauth2_name(api):
    answer = api.post(TOKEN, data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (422, "unsupported_grant_type")


def test_the_sixth_attempt_within_a_minute_waits(api, sign_up, monkeypatch):
    sign_up("ada")
    sign_up("bob")
    guesses = [api.post(TOKEN, data={"username": "ada@example.org", "password": "a guess"}) for _ in range(5)]
    assert {guess.status_code for guess in guesses} == {401}
    right = {"username": "ada@example.org", "password": PASSWORD}
    sixth = api.post(TOKEN, data=right)
    assert (sixth.status_code, sixth.json()["code"]) == (429, "sign_in_throttled")
    assert 0 < int(sixth.headers["Retry-After"]) <= 60
    assert api.post(TOKEN, data=right | {"username": " ADA@Example.org"}).status_code == 429
    assert api.post(TOKEN, data=right | {"username": "bob@example.org"}).status_code == 200
    later = clock.now() + timedelta(seconds=int(sixth.headers["Retry-After"]))
    monkeypatch.setattr(clock, "now", lambda: later)
    assert api.post(TOKEN, data=right).status_code == 200


def test_attempts_at_the_same_moment_are_all_counted(api, sign_up):
    sign_up("ada")
    guess = {"username": "ada@example.org", "password": "a guess"}
    with ThreadPoolExecutor(4) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: api.post(TOKEN, data=guess), range(12))]
    assert (statuses.count(401), statuses.count(429)) == (5, 7)


def test_signing_in_often_with_the_right_password_is_not_held_up(sign_up):
    ada = sign_up("ada")
    for _ in range(7):
        ada.sign_in_again()


def test_a_hash_of_older_parameters_is_renewed_by_signing_in(sign_up, database):
    ada = sign_up("ada")
    older_hash = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.unit_of_work() as session:
        session.exec(select(User)).one().password_hash = older_hash
    ada.sign_in_again()
    with database.unit_of_work() as session:
        renewed = session.exec(select(User)).one().password_hash
    assert renewed != older_hash
    assert ada.sign_in_again().get("/api/v1/me").status_code == 200


def test_a_refresh_token_gives_a_new_pair_for_the_same_session(api, sign_up):
    ada = sign_up("ada")
    as_json = api.post(REFRESH, json={"refresh_token": ada.refresh_token})
    assert as_json.status_code == 200
    as_form = api.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": as_json.json()["refresh_token"]})
    assert as_form.status_code == 200
    assert as_form.headers["Cache-Control"] == "no-store"
    ada.headers = {"Authorization": f"Bearer {as_form.json()['access_token']}"}
    assert len(ada.get("/api/v1/me/sessions").json()) == 1


@pytest.mark.parametrize("generations", [1, 3])
def test_a_refresh_token_used_twice_ends_its_whole_session_and_no_other(api, sign_up, generations):
    ada = sign_up("ada")
    elsewhere = ada.sign_in_again()
    stolen, latest = ada.refresh_token, ada.refresh_token
    for _ in range(generations):
        latest = api.post(REFRESH, json={"refresh_token": latest}).json()["refresh_token"]
    reused = api.post(REFRESH, json={"refresh_token": stolen})
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert api.post(REFRESH, json={"refresh_token": latest}).json()["code"] == "session_ended"
    assert ada.get("/api/v1/me").json()["code"] == "session_ended"
    assert elsewhere.get("/api/v1/me").status_code == 200


def test_knowing_a_session_id_is_not_enough_to_end_it(api, sign_up):
    ada = sign_up("ada")
    session_id, family, latest = ada.refresh_token.split(".")
    forged = api.post(REFRESH, json={"refresh_token": f"{session_id}.{'A' * len(family)}.{latest}"})
    assert (forged.status_code, forged.json()["code"]) == (401, "refresh_token_invalid")
    assert ada.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ses_\x00.a.b", "ü.ü.ü", "." * 1000])
def test_text_that_is_no_refresh_token_is_refused(api, token):
    assert api.post(REFRESH, json={"refresh_token": token}).status_code == 401


def test_a_session_unused_for_thirty_days_is_over(api, sign_up, monkeypatch):
    ada = sign_up("ada")
    later = clock.now() + timedelta(days=30, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = api.post(REFRESH, json={"refresh_token": ada.refresh_token})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


def test_signing_out_refuses_both_tokens_at_once(api, sign_up):
    ada = sign_up("ada")
    assert ada.post("/api/v1/auth/logout").status_code == 204
    assert ada.get("/api/v1/me").status_code == 401
    assert api.post(REFRESH, json={"refresh_token": ada.refresh_token}).json()["code"] == "session_ended"


def test_the_sessions_are_listed_and_another_one_can_be_ended(sign_up):
    ada = sign_up("ada")
    elsewhere = ada.sign_in_again()
    sessions = ada.get("/api/v1/me/sessions").json()
    assert sorted(session["current"] for session in sessions) == [False, True]
    assert not any("hash" in key for session in sessions for key in session)
    other = next(session["id"] for session in sessions if not session["current"])
    assert ada.delete(f"/api/v1/me/sessions/{other}").status_code == 204
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert ada.get("/api/v1/me").status_code == 200


def test_somebody_else_s_session_is_not_there(sign_up):
    ada, bob = sign_up("ada"), sign_up("bob")
    [session] = ada.get("/api/v1/me/sessions").json()
    assert bob.delete(f"/api/v1/me/sessions/{session['id']}").status_code == 404
    assert ada.get("/api/v1/me").status_code == 200


def test_without_a_token_or_with_a_broken_one_nobody_is_signed_in(api):
    missing = api.get("/api/v1/me")
    assert (missing.status_code, missing.json()["code"]) == (401, "not_signed_in")
    assert missing.headers["WWW-Authenticate"].startswith("Bearer")
    for header in ("Bearer x", "Bearer ", "Basic YTpi", "Bearer a.b.c"):
        assert api.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_a_token_of_another_instance_is_refused(sign_up, instance):
    ada = sign_up("ada")
    claims = instance.access_tokens.verify(ada.access_token)
    foreign = AccessTokens("another secret of enough characters").issue(
        user_id=claims.user_id, session_id=claims.session_id
    )
    ada.headers = {"Authorization": f"Bearer {foreign}"}
    assert ada.get("/api/v1/me").json()["code"] == "token_invalid"


def test_a_token_that_names_another_user_s_session_is_refused(sign_up, instance):
    ada, bob = sign_up("ada"), sign_up("bob")
    session_id = instance.access_tokens.verify(bob.access_token).session_id
    mixed = instance.access_tokens.issue(user_id=ada.id, session_id=session_id)
    ada.headers = {"Authorization": f"Bearer {mixed}"}
    assert ada.get("/api/v1/me").json()["code"] == "session_ended"


def test_everywhere_else_can_be_signed_out_at_once(sign_up, database):
    ada, bob = sign_up("ada"), sign_up("bob")
    elsewhere = [ada.sign_in_again() for _ in range(2)]
    assert len(ada.get("/api/v1/me/sessions").json()) == 3

    assert ada.post("/api/v1/auth/logout-others").status_code == 204

    [here] = ada.get("/api/v1/me/sessions").json()
    assert here["current"]
    for other in elsewhere:
        assert other.get("/api/v1/me").json()["code"] == "session_ended"
    assert bob.get("/api/v1/me").status_code == 200
    with database.unit_of_work() as session:
        [event] = session.exec(select(Event).where(Event.kind == "session.others_ended"))
        assert (event.team_id, event.actor, event.data) == (ada.personal_team_id, ada.id, {"ended": 2})
