"""All deployments of a space, going back to an earlier release, approving one, and deploying with choices."""

import re

import pytest
from tests.api.doors.conftest import SHA, past

from spaceport.spaces.model import Space


def test_what_going_back_does_is_said_first_and_then_done(visit, crew, released):
    browser = visit(crew.people["deployer"])
    page = f"{released}/releases/1/rollback"
    for path in (released, f"{released}/deployments", f"/deployments/{crew.ids['v1']}"):
        assert f'href="{page}"' in browser.get(path).text, path
    assert "/rollback" not in browser.get(f"/deployments/{crew.ids['v2']}").text
    text = browser.get(page).text
    assert "Roll back from v2 to v1?" in text
    assert "Change number 1" in text
    assert "1111111" in text
    assert "Secrets, variables, hardware and volumes stay what they are now." in text
    answer = browser.submit(page)
    back = crew.done("GET", f"/api/v1{answer.headers['location']}")
    assert (back["trigger"], back["status"], back["waiting_for"]) == ("rollback", "queued", None)
    assert back["source"] == {"kind": "space", "repo_id": crew.repo_id, "revision": SHA[1]}
    assert "deployer, rollback" in browser.get(answer.headers["location"]).text


def test_the_live_release_and_one_that_never_was_are_refused(visit, crew, released):
    browser = visit(crew.people["deployer"])
    page = f"{released}/releases/2/rollback"
    assert "disabled" in browser.get(page).text
    answer = browser.submit(page, Referer=f"http://testserver{page}")
    assert answer.status_code == 303
    assert "is the live release" in browser.get(page).text
    assert browser.get(f"{released}/releases/7/rollback").status_code == 404
    assert crew.done("GET", "{space}/deployments")["items"][0]["id"] == crew.ids["v2"]


def test_a_locked_space_is_not_rolled_back(visit, crew, released):
    crew.done("PUT", "{space}/deploy-rules", {"lock": {"reason": "the fair is on"}})
    browser = visit(crew.people["owner"])
    page = f"{released}/releases/1/rollback"
    assert "the fair is on" in browser.get(page).text
    browser.submit(page, Referer=f"http://testserver{page}")
    assert crew.done("GET", "{space}/deployments")["items"][0]["id"] == crew.ids["v2"]


def test_viewers_and_strangers_do_not_go_back(visit, crew, released):
    page = f"{released}/releases/1/rollback"
    for who, refused in (("viewer", 403), ("stranger", 404)):
        browser = visit(crew.people[who])
        assert browser.get(page).status_code == refused
        assert browser.submit(page).status_code == refused
    assert "/rollback" not in visit(crew.people["viewer"]).get(released).text


def test_all_deployments_are_on_pages_of_their_own(visit, crew, database, released):
    with database.unit_of_work() as session:
        space = session.get_one(Space, crew.ids["space_id"])
        for number in range(3, 61):
            session.add(past(space, number, status="failed", reason="It broke."))
            session.flush()
    browser = visit(crew.people["viewer"])
    overview = browser.get(released).text
    assert len(numbers(overview)) == 25
    assert f'href="{released}/deployments"' in overview
    first = browser.get(f"{released}/deployments").text
    second = browser.get(re.search(r'rel="next"[^>]* href="([^"]+)"', first)[1]).text
    assert numbers(first) + numbers(second) == list(range(60, 0, -1))


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="name" id="dep_\w+" href="[^"]+">#(\d+)</a>', page)]


@pytest.fixture
def waiting(crew) -> str:
    crew.done("PUT", "{space}/deploy-rules", {"approval": True})
    source = {"kind": "space", "repo_id": "local/other", "revision": "c" * 40}
    return crew.done("POST", "{space}/deployments", {"source": source})["id"]


def test_an_admin_approves_the_revision_that_the_page_shows(visit, crew, waiting):
    browser = visit(crew.people["admin"])
    page = f"/deployments/{waiting}"
    for path in (page, f"/spaces/{crew.repo_id}", f"/spaces/{crew.repo_id}/deployments"):
        text = browser.get(path).text
        assert f'action="{page}/approve"' in text, path
        assert f'name="revision" value="{"c" * 40}"' in text, path
    other = browser.submit(f"{page}/approve", {"revision": "d" * 40}, Referer=f"http://testserver{page}")
    assert other.status_code == 303
    assert "is about ccccc" in browser.get(page).text
    assert crew.done("GET", f"/api/v1{page}")["waiting_for"] == "approval"
    assert browser.submit(f"{page}/approve", {"revision": "c" * 40}).status_code == 303
    assert crew.done("GET", f"/api/v1{page}")["waiting_for"] is None
    assert "is approved and goes on" in browser.get(page).text


def test_an_admin_rejects_with_a_reason(visit, crew, waiting):
    browser = visit(crew.people["admin"])
    page = f"/deployments/{waiting}"
    assert f'href="{page}/reject"' in browser.get(page).text
    assert "nothing is deployed" in browser.get(f"{page}/reject").text
    long = browser.submit(f"{page}/reject", {"reason": "x" * 501})
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert browser.submit(f"{page}/reject", {"reason": "Not on a Friday"}).status_code == 303
    assert "Rejected by admin: Not on a Friday" in browser.get(page).text


def test_deployers_see_that_it_waits_and_cannot_let_it_on(visit, crew, waiting):
    page = f"/deployments/{waiting}"
    for who, refused in (("viewer", 403), ("deployer", 403), ("stranger", 404)):
        browser = visit(crew.people[who])
        assert "/approve" not in browser.get(page).text
        for answer in (
            browser.submit(f"{page}/approve"),
            browser.submit(f"{page}/reject"),
            browser.get(f"{page}/reject"),
        ):
            assert answer.status_code == refused, who
    assert "An admin or owner of the team can." in visit(crew.people["deployer"]).get(page).text


def test_another_revision_is_deployed_for_this_once(visit, crew):
    browser = visit(crew.people["deployer"])
    answer = browser.submit(f"/spaces/{crew.repo_id}/deploy", {"ref": "v1.2", "if_busy": "wait"})
    made = crew.done("GET", f"/api/v1{answer.headers['location']}")
    assert made["source"]["revision"] == "v1.2"
    assert crew.done("GET", crew.space)["source"]["revision"] is None
    second = browser.submit(f"/spaces/{crew.repo_id}/deploy", {"if_busy": "reject"})
    assert second.status_code == 409
    assert made["id"] in second.text


def test_a_revision_that_cannot_be_is_said_on_the_form(visit, crew):
    answer = visit(crew.people["deployer"]).submit(f"/spaces/{crew.repo_id}/deploy", {"ref": "--upload-pack=x"})
    assert answer.status_code == 422
    assert 'value="--upload-pack=x"' in answer.text
