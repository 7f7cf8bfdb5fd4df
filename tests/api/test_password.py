"""Changing one's password."""

import pytest
from tests.api.conftest import PASSWORD

CHANGE = "/api/v1/auth/password"
TOKEN = "/api/v1/auth/token"
NEW = "another long passphrase"


def signs_in(api, person, password: str) -> bool:
    return api.post(TOKEN, data={"username": person.email, "password": password}).status_code == 200


def test_the_new_password_counts_and_everywhere_else_one_is_signed_out(api, sign_up):
    ada = sign_up("ada")
    elsewhere = ada.sign_in_again()
    assert ada.post(CHANGE, {"current": PASSWORD, "new": NEW}).status_code == 204
    assert ada.get("/api/v1/me").status_code == 200
    assert elsewhere.get("/api/v1/me").json()["code"] == "session_ended"
    assert not signs_in(api, ada, PASSWORD)
    assert signs_in(api, ada, NEW)


def test_without_the_present_password_nothing_changes(api, sign_up):
    ada = sign_up("ada")
    elsewhere = ada.sign_in_again()
    refused = ada.post(CHANGE, {"current": "not the present one", "new": NEW})
    assert (refused.status_code, refused.json()["code"]) == (403, "password_wrong")
    assert elsewhere.get("/api/v1/me").status_code == 200
    assert signs_in(api, ada, PASSWORD)


def test_guessing_it_with_an_open_session_is_slowed_like_signing_in(sign_up):
    ada = sign_up("ada")
    statuses = [ada.post(CHANGE, {"current": f"guess {n}", "new": NEW}).status_code for n in range(6)]
    assert statuses == [403] * 5 + [429]
    assert ada.post(CHANGE, {"current": PASSWORD, "new": NEW}).json()["code"] == "sign_in_throttled"


@pytest.mark.parametrize("new", ["short", "x" * 129])
def test_a_password_that_is_none_is_refused_and_not_repeated(sign_up, new: str):
    refused = sign_up("ada").post(CHANGE, {"current": PASSWORD, "new": new})
    assert (refused.status_code, refused.json()["code"]) == (422, "request_invalid")
    assert new not in refused.text
    assert PASSWORD not in refused.text
