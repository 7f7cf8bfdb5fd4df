"""Pushes to a space: its hooks, what came from them, and why that deployed or did not."""

import re
from urllib.parse import urlsplit

import pytest
from tests import git_hosts

from spaceport.webhooks.model import Hook
from spaceport.webhooks.providers import Provider

REPOSITORY = "acme/app"
SECRET = re.compile(r'id="hook-secret" value="([^"]+)"')


@pytest.fixture
def pushes(crew) -> str:
    """The page of a space that follows the main branch of a repository."""
    source = {"kind": "git", "url": f"https://git.example.com/{REPOSITORY}", "ref": "main"}
    crew.done("PATCH", crew.space, {"source": source, "auto_deploy": True})
    return f"/spaces/{crew.repo_id}/pushes"


@pytest.fixture
def hook(crew, pushes) -> dict:
    return crew.done("POST", "{space}/hooks", {"provider": "gitea"})


def deliver(crew, hook, *, branch: str = "main", **said) -> str:
    body = git_hosts.push(Provider.GITEA, REPOSITORY, "a" * 40, ref=f"refs/heads/{branch}", **said)
    sent = git_hosts.send(Provider.GITEA, hook["secret"], body)
    answer = crew.people["owner"].api.post(urlsplit(hook["url"]).path, content=sent.body, headers=sent.headers)
    assert answer.status_code == 202, answer.text
    return answer.json()["delivery_id"]


def test_without_a_hook_the_page_says_what_to_do_next(visit, crew, pushes):
    text = visit(crew.people["owner"]).get(pushes).text
    assert "set up a hook first" in text
    assert f'action="{pushes}/hooks"' in text
    assert "Choose …" in text


def test_a_source_that_calls_no_hook_is_said_to_be_one(visit, crew):
    upload = crew.done("POST", "/api/v1/uploads?team_id={team}", "file")["id"]
    crew.done("PATCH", crew.space, {"source": {"kind": "upload", "upload_id": upload}})
    text = visit(crew.people["owner"]).get(f"/spaces/{crew.repo_id}/pushes").text
    assert "no source that could call a hook" in text


def test_the_secret_is_on_the_page_that_follows_and_nowhere_else(visit, crew, pushes):
    browser = visit(crew.people["admin"])
    answer = browser.submit(f"{pushes}/hooks", {"provider": "gitea"})
    secret = SECRET.search(answer.text)[1]
    assert answer.status_code == 200
    assert "Shown this once" in answer.text
    assert "/webhooks/gitea/hook_" in answer.text
    assert "Test Delivery" in answer.text
    assert secret not in str(answer.headers)
    address = re.search(rf"{pushes}/hooks/hook_[0-9a-z]{{26}}", browser.get(pushes).text)[0]
    for path in (pushes, address, f"/spaces/{crew.repo_id}/activity"):
        assert secret not in browser.get(path).text
    again = browser.submit(f"{pushes}/hooks", {"provider": "gitea"})
    assert "There is a hook for this repository already" in again.text
    assert not SECRET.search(again.text)


def test_a_host_whose_kind_nobody_can_tell_has_to_be_named(visit, crew, pushes):
    answer = visit(crew.people["owner"]).submit(f"{pushes}/hooks", {"provider": ""})
    assert answer.status_code == 422
    assert "cannot be seen from its name" in answer.text


def test_a_host_that_cannot_be_asked_says_so_and_its_token_is_shown_nowhere(visit, crew, pushes):
    answer = visit(crew.people["owner"]).submit(f"{pushes}/hooks", {"provider": "gitea", "host_token": "very-secret"})
    assert answer.status_code in (422, 502)
    assert 'class="note bad"' in answer.text
    assert "very-secret" not in answer.text + str(answer.headers)


def test_a_new_secret_takes_the_place_of_the_old_one(visit, crew, pushes, hook):
    browser = visit(crew.people["owner"])
    page = f"{pushes}/hooks/{hook['id']}"
    answer = browser.submit(f"{page}/rotate", {"secret": ""})
    made = SECRET.search(answer.text)[1]
    assert made != hook["secret"]
    deliver(crew, hook | {"secret": made})
    given = browser.submit(f"{page}/rotate", {"secret": "made-by-the-host-itself"})
    assert (given.status_code, given.headers["location"]) == (303, page)
    assert "made-by-the-host" not in browser.get(page).text
    deliver(crew, hook | {"secret": "made-by-the-host-itself"}, branch="other")


def test_a_hook_is_deleted_after_a_question(visit, crew, pushes, hook, database):
    browser = visit(crew.people["owner"])
    page = f"{pushes}/hooks/{hook['id']}"
    assert "take it away there too" in browser.get(f"{page}/delete").text
    assert browser.submit(f"{page}/delete").headers["location"] == pushes
    assert hook["id"] not in browser.get(pushes).text
    with database.unit_of_work() as session:
        assert session.get_one(Hook, hook["id"]).deleted_at is not None


def test_what_came_is_listed_with_why_and_the_deployment_that_it_led_to(visit, crew, pushes, hook):
    browser = visit(crew.people["viewer"])
    assert "Waits for its first call" in browser.get(pushes).text
    ignored = deliver(crew, hook, branch="feature/x")
    deployed = deliver(crew, hook, message="Answer sooner")
    text = browser.get(pushes).text
    assert "Verified" in text
    assert "Branch feature/x does not match main" in text
    assert re.search(r'href="/deployments/dep_[0-9a-z]{26}">deployment #1</a>', text)
    assert text.index(deployed) < text.index(ignored)
    fragment = browser.get(pushes, **{"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="pushes"')
    assert "deployment #1</a>" in fragment


def test_a_delivery_shows_what_came_and_what_was_decided(visit, crew, pushes, hook):
    delivery = deliver(crew, hook, message="<b>Answer sooner</b>")
    text = visit(crew.people["viewer"]).get(f"{pushes}/deliveries/{delivery}").text
    assert "Branch main moved to aaaaaaa" in text
    assert "&lt;b&gt;Answer sooner&lt;/b&gt;" in text
    assert "x-gitea-delivery" in text
    assert "x-gitea-signature" not in text
    assert "refs/heads/main" in text
    assert "redeliver" not in text


def test_deciding_again_leads_to_the_new_delivery(visit, crew, pushes, hook):
    browser = visit(crew.people["deployer"])
    first = deliver(crew, hook, branch="feature/x")
    answer = browser.submit(f"{pushes}/deliveries/{first}/redeliver")
    assert answer.status_code == 303
    assert answer.headers["location"] != f"{pushes}/deliveries/{first}"
    text = browser.get(answer.headers["location"]).text
    assert "Decided again" in text
    assert f"{pushes}/deliveries/{first}" in text


def test_more_deliveries_than_a_page_holds_are_on_the_next_one(visit, crew, pushes, hook):
    browser = visit(crew.people["viewer"])
    every = [deliver(crew, hook, branch=f"b{i}") for i in range(27)]
    first = browser.get(pushes).text
    older = re.search(r'rel="next"[^>]* href="([^"]+)"', first)[1]
    second = browser.get(older).text
    assert [each for each in every if f"/deliveries/{each}" in first] == every[2:]
    assert [each for each in every if f"/deliveries/{each}" in second] == every[:2]
    assert 'rel="next"' not in second


def test_viewers_look_and_change_nothing_and_strangers_see_nothing(visit, crew, pushes, hook):
    delivery = deliver(crew, hook)
    forms = {"hooks": 403, f"hooks/{hook['id']}/rotate": 403, f"hooks/{hook['id']}/delete": 403}
    looks = ("", f"/hooks/{hook['id']}", f"/deliveries/{delivery}")
    for who, seen, refused in (("viewer", 200, 403), ("deployer", 200, 403), ("stranger", 404, 404)):
        browser = visit(crew.people[who])
        for path in looks:
            answer = browser.get(f"{pushes}{path}")
            assert answer.status_code == seen, (who, path)
            assert f'action="{pushes}/hooks' not in answer.text
        for path in forms:
            assert browser.submit(f"{pushes}/{path}", {"provider": "gitea"}).status_code == refused, (who, path)
    viewer = visit(crew.people["viewer"])
    assert viewer.submit(f"{pushes}/deliveries/{delivery}/redeliver").status_code == 403
    assert viewer.get(f"{pushes}/hooks/{hook['id']}/delete").status_code == 403


def test_a_hook_of_another_repository_is_not_this_spaces(visit, crew, pushes, hook, docker):
    other = docker.replace("/api/v1", "") + "/pushes"
    assert visit(crew.people["owner"]).get(f"{other}/hooks/{hook['id']}").status_code == 404
