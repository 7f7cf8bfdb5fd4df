"""Signing in at the dashboard, its cookies, and which forms count."""

import re

import pytest
from tests.api.conftest import PASSWORD
from tests.api.doors.dashboard.conftest import ORIGIN

from spaceport.dashboard import cookies, sign_in


def cookie(answer, name=cookies.SESSION) -> str:
    return next(value for value in answer.headers.get_list("set-cookie") if name in value)


def credentials(person) -> dict[str, str]:
    return {"email": person.email, "password": PASSWORD}


def test_whoever_is_not_signed_in_is_led_there_and_back(visit, sign_up):
    browser = visit()
    away = browser.get("/account")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=/account")
    back = browser.submit("/sign-in", credentials(sign_up("ada")) | {"next": "/account"})
    assert (back.status_code, back.headers["location"]) == (303, "/account")


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", ""])
def test_signing_in_never_leads_to_another_site(address):
    assert sign_in._within(address) == "/"


def test_a_wrong_password_keeps_what_was_typed_but_not_the_password(visit, sign_up):
    ada = sign_up("ada")
    answer = visit().submit("/sign-in", {"email": ada.email, "password": "wrong horse battery"})
    assert answer.status_code == 401
    assert ada.email in answer.text
    assert "wrong horse" not in answer.text
    assert "set-cookie" not in answer.headers


def test_alone_the_cookie_is_lax_and_out_of_reach_of_scripts(visit, sign_up):
    said = cookie(visit().submit("/sign-in", credentials(sign_up("ada"))))
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Secure" not in said


def test_over_https_the_cookie_is_secure_and_bound_to_its_host(visit, sign_up):
    said = cookie(visit().submit("/sign-in", credentials(sign_up("ada")), **{"X-Forwarded-Proto": "https"}))
    assert said.startswith(f"__Host-{cookies.SESSION}=")
    assert "Secure" in said


def test_in_the_hubs_frame_the_cookie_is_partitioned(visit, sign_up):
    said = cookie(visit().submit("/sign-in", credentials(sign_up("ada")), **{"Sec-Fetch-Dest": "iframe"}))
    assert all(part in said for part in ("SameSite=none", "Secure", "Partitioned", "HttpOnly", "__Host-"))


def test_a_cookie_ends_with_its_session_wherever_that_is_ended(visit, sign_up):
    ada = sign_up("ada")
    browser = visit(ada)
    [session] = [each for each in ada.get("/api/v1/me/sessions").json() if not each["current"]]
    assert ada.delete(f"/api/v1/me/sessions/{session['id']}").status_code == 204
    assert browser.get("/account").headers["location"].startswith("/sign-in")


def test_signing_out_ends_the_session_and_takes_the_cookie(visit, sign_up):
    ada = sign_up("ada")
    browser = visit(ada)
    answer = browser.submit("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert "Max-Age=0" in cookie(answer)
    assert len(ada.get("/api/v1/me/sessions").json()) == 1


def test_a_refresh_token_of_the_api_opens_no_page(visit, sign_up):
    ada = sign_up("ada")
    session_id, family, latest = ada.refresh_token.split(".")
    for secret in (family, latest):
        browser = visit()
        browser.http.cookies.set(cookies.SESSION, f"{session_id}.{secret}")
        assert browser.get("/account").headers["location"].startswith("/sign-in")


def test_a_cookie_is_no_refresh_token_and_no_access_token(visit, sign_up):
    ada = sign_up("ada")
    value = visit(ada).http.cookies[cookies.SESSION]
    for token in (value, f"{value}.{'a' * 43}"):
        assert ada.api.post("/api/v1/auth/refresh", json={"refresh_token": token}).status_code == 401
    assert ada.api.get("/api/v1/me", headers={"Authorization": f"Bearer {value}"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_a_form_of_another_site_does_nothing(visit, sign_up, headers):
    ada = sign_up("ada")
    browser = visit(ada)
    token = browser.token()
    for path, fields in [("/sign-out", {"form_token": token}), ("/sign-in", credentials(ada)), ("/theme", {})]:
        answer = browser.http.post(path, data=fields, headers=headers)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_the_sessions_token_does_nothing(visit, sign_up, token):
    browser = visit(sign_up("ada"))
    answer = browser.http.post("/sign-out", data={"form_token": token}, headers=ORIGIN)
    assert answer.status_code == 403
    assert browser.get("/account").status_code == 200


def test_the_token_of_one_session_is_none_of_another(visit, sign_up):
    ada = sign_up("ada")
    first, second = visit(ada), visit(ada)
    answer = second.http.post("/sign-out", data={"form_token": first.token()}, headers=ORIGIN)
    assert answer.status_code == 403


def test_every_form_that_changes_something_carries_the_token(visit, crew, deployment):
    browser = visit(crew.people["owner"])
    space = f"/spaces/{crew.repo_id}"
    of_space = ("", "/settings", "/pushes", "/pushes/rules", "/pushes/ci", "/deployments")
    own = [f"{space}{page}" for page in of_space]
    for path in (
        "/",
        "/account",
        "/spaces/new",
        *own,
        f"/deployments/{deployment}",
        f"/deployments/{deployment}/reject",
    ):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', browser.get(path).text, re.DOTALL):
            assert 'name="form_token"' in form or 'action="/theme"' in form, (path, form[:80])


def test_the_theme_is_kept_in_a_cookie_without_any_script(visit):
    browser = visit()
    assert "data-theme" not in browser.get("/sign-in").text
    browser.submit("/theme", {"theme": "dark", "next": "/sign-in"})
    assert '<html lang="en" data-theme="dark">' in browser.get("/sign-in").text
    browser.submit("/theme", {"theme": "", "next": "/sign-in"})
    assert "data-theme" not in browser.get("/sign-in").text


def test_signing_up_says_every_field_that_is_wrong_and_keeps_the_rest(visit):
    answer = visit().submit("/sign-up", {"name": "Ada", "email": "nowhere", "password": "short"})
    assert answer.status_code == 422
    assert "Email:" in answer.text
    assert "Password:" in answer.text
    assert 'value="Ada"' in answer.text
    assert "short" not in answer.text


def test_signing_up_leads_to_the_first_space(visit):
    browser = visit()
    answer = browser.submit("/sign-up", {"name": "Ada", "email": "ada@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Your first Space" in browser.get("/").text
