"""Who did what to a space, in sentences."""

import html
import re
from pathlib import Path

import pytest

import spaceport
from spaceport.dashboard import sentences
from spaceport.dashboard.space_activity import SHOWN
from spaceport.events.record import record


@pytest.fixture
def activity(crew) -> str:
    return f"/spaces/{crew.repo_id}/activity"


def told(page: str) -> list[str]:
    """The sentences of a page, newest first."""
    found = re.findall(r"<li><span.*?</span>\s*<div><p>(.*?)</p>", page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", each)).strip() for each in found]


def test_it_says_in_sentences_who_did_what(visit, crew, activity):
    crew.done("POST", "{space}/deployments", {})
    crew.done("POST", "{space}/secrets?apply=next_deployment", {"secrets": [{"key": "API_KEY", "value": "sesame"}]})
    crew.done("PATCH", crew.space, {"auto_deploy": True})
    crew.done("PUT", "{space}/deploy-rules", {"lock": {"reason": "the fair is on"}})
    crew.done("POST", "{space}/deploy-tokens", {"name": "ci"})
    text = visit(crew.people["viewer"]).get(activity).text
    assert told(text) == [
        "owner made the deploy token “ci”",
        "owner set the deploy rules, with a lock: the fair is on",
        "owner changed deploying by itself",
        "owner set the secret API_KEY",
        "owner asked for a deployment (REST API): #1",
        "owner created the Space",
    ]
    assert "sesame" not in text


def test_what_happened_to_a_deployment_names_it_and_says_why(visit, crew, activity, deployment):
    crew.done("POST", f"/api/v1/deployments/{deployment}/cancellation")
    text = visit(crew.people["viewer"]).get(activity).text
    assert told(text)[0] == "Deployment #1 was canceled by owner"
    assert "the Space was not touched" in text
    assert f'href="/deployments/{deployment}"' in text


def test_one_kind_alone_is_shown_when_asked_for(visit, crew, activity):
    crew.done("POST", "{space}/deployments", {})
    crew.done("POST", "{space}/variables?apply=next_deployment", {"variables": [{"key": "COLOR", "value": "red"}]})
    browser = visit(crew.people["viewer"])
    assert told(browser.get(f"{activity}?show=configuration").text) == ["owner set the variable COLOR"]
    assert told(browser.get(f"{activity}?show=deployments").text) == ["owner asked for a deployment (REST API): #1"]
    assert "Nothing of this kind." in browser.get(f"{activity}?show=drift").text
    for show in (*SHOWN, "nonsense"):
        assert browser.get(f"{activity}?show={show}").status_code == 200, show


def test_what_happens_to_a_hook_is_told_of_every_space_that_it_serves_and_of_the_team_once(visit, crew, activity):
    source = {"kind": "git", "url": "https://github.com/acme/app", "ref": "main"}
    crew.done("PATCH", "{space}", {"source": source})
    for name, url in (("twin", "https://GitHub.com/Acme/App.git"), ("other", "https://github.com/acme/other")):
        body = {"owner": "local", "name": f"{crew.name}-{name}", "sdk": "static", "source": source | {"url": url}}
        crew.done("POST", "/api/v1/spaces", body | {"hub_account_id": crew.ids["account"]})

    hook = crew.done("POST", "{space}/hooks")
    crew.done("POST", f"/api/v1/hooks/{hook['id']}/secret-rotation", {})
    crew.done("DELETE", f"/api/v1/hooks/{hook['id']}")

    browser = visit(crew.people["viewer"])
    expected = [
        "owner deleted the hook of github.com/acme/app",
        "owner changed the secret of the hook of github.com/acme/app",
        "owner made a hook for github.com/acme/app",
    ]
    assert told(browser.get(f"{activity}?show=settings").text)[:3] == expected
    assert told(browser.get(f"/spaces/local/{crew.name}-twin/activity").text)[:3] == expected
    assert not [each for each in told(browser.get(f"/spaces/local/{crew.name}-other/activity").text) if "hook" in each]
    listed = crew.done("GET", "{space}/activity")["items"]
    assert [event["kind"] for event in listed][:3] == ["hook.deleted", "hook.secret_rotated", "hook.created"]
    of_team = crew.done("GET", f"/api/v1/teams/{crew.team_id}/activity")["items"]
    assert [event["kind"] for event in of_team if event["kind"].startswith("hook.")] == [
        "hook.deleted",
        "hook.secret_rotated",
        "hook.created",
    ]


def test_what_a_page_does_not_hold_is_on_the_next_one(visit, crew, activity, database):
    with database.unit_of_work() as session:
        for i in range(60):
            facts = {"key": f"K{i}", "version": 1}
            record(
                session, "variable.set", team_id=crew.team_id, actor="usr_gone", space_id=crew.ids["space_id"], **facts
            )
    browser = visit(crew.people["viewer"])
    first = browser.get(f"{activity}?show=configuration").text
    older = html.unescape(re.search(r'rel="next"[^>]* href="([^"]+)"', first)[1])
    second = browser.get(older).text
    every = [f"Somebody set the variable K{i}" for i in range(59, -1, -1)]
    assert told(first) + told(second) == every


def test_every_kind_of_event_that_happens_to_a_space_has_words_of_its_own():
    source = "\n".join(path.read_text() for path in Path(spaceport.__file__).parent.rglob("*.py"))
    recorded = set(re.findall(r'_?record(?:_about)?\(\s*session,\s*"([a-z_]+\.[a-z_]+)"', source))
    recorded |= {f"deployment.{what}" for what in re.findall(r'\bnote\(session, deployment, "([a-z_]+)"', source)}
    assert {"space.restarted", "deployment.queued", "source.moved"} <= recorded
    assert {"hook.created", "hook.deleted", "delivery.redelivered"} <= recorded
    # Of the team alone: its people and Hub accounts, and what serves several spaces, as archives do.
    elsewhere = {kind for kind in recorded if re.match(r"(hub_account|team|member|hub_job|archive|session)\.", kind)}
    assert {kind for kind in recorded - elsewhere if not sentences.known(kind)} == set()


def test_a_kind_without_words_is_shown_as_it_is(visit, crew, activity, database):
    with database.unit_of_work() as session:
        record(session, "moon.rose_late", team_id=crew.team_id, actor="worker", space_id=crew.ids["space_id"])
    assert told(visit(crew.people["viewer"]).get(activity).text)[0] == "Spaceport noted: moon rose late"


def test_strangers_see_nothing(visit, crew, activity):
    assert visit(crew.people["stranger"]).get(activity).status_code == 404
