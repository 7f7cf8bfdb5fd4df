"""Deploying a space from CI: the workflow to copy and its tokens."""

import html
import re

import pytest
import yaml

TOKEN = re.compile(r'id="deploy-token" value="([^"]+)"')


@pytest.fixture
def ci(crew) -> str:
    return f"/spaces/{crew.repo_id}/pushes/ci"


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_workflow_is_the_one_that_the_api_gives(visit, crew, ci, host):
    text = visit(crew.people["viewer"]).get(f"{ci}?host={host}").text
    shown = html.unescape(re.search(r'<textarea[^>]*id="snippet"[^>]*>(.*?)</textarea>', text, re.DOTALL)[1])
    answer = crew.ask("owner", "GET", f"{{space}}/ci-snippet?host={host}")
    assert shown == answer.text
    assert yaml.safe_load(shown)


def test_a_token_is_shown_once_and_revoked_after_a_question(visit, crew, ci):
    browser = visit(crew.people["admin"])
    answer = browser.submit(f"{ci}/tokens", {"name": "github actions", "expires_in_days": "30"})
    token = TOKEN.search(answer.text)[1]
    assert token.startswith("spd_")
    assert "Shown this once" in answer.text
    assert token not in str(answer.headers)
    text = browser.get(ci).text
    assert token not in text
    assert "github actions" in text
    assert ">admin<" in text
    listed = crew.done("GET", "{space}/deploy-tokens")[0]
    page = f"{ci}/tokens/{listed['id']}/revoke"
    assert "never used" in browser.get(page).text
    assert browser.submit(page).headers["location"] == ci
    assert crew.done("GET", "{space}/deploy-tokens") == []


@pytest.mark.parametrize("typed", [{"name": "", "expires_in_days": "30"}, {"name": "ci", "expires_in_days": "9999"}])
def test_a_token_that_cannot_be_is_refused_and_what_was_typed_stays(visit, crew, ci, typed):
    answer = visit(crew.people["owner"]).submit(f"{ci}/tokens", typed)
    assert answer.status_code == 422
    assert 'class="note bad"' in answer.text
    assert f'value="{typed["expires_in_days"]}"' in answer.text
    assert crew.done("GET", "{space}/deploy-tokens") == []


def test_admins_alone_make_and_revoke_tokens(visit, crew, ci):
    made = crew.done("POST", "{space}/deploy-tokens", {"name": "ours"})["id"]
    for who, seen, refused in (("viewer", 200, 403), ("deployer", 200, 403), ("stranger", 404, 404)):
        browser = visit(crew.people[who])
        answer = browser.get(ci)
        assert answer.status_code == seen
        assert "/tokens" not in answer.text
        assert browser.submit(f"{ci}/tokens", {"name": "x"}).status_code == refused
        for answer in (browser.get(f"{ci}/tokens/{made}/revoke"), browser.submit(f"{ci}/tokens/{made}/revoke")):
            assert answer.status_code == refused
