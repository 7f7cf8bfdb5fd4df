"""The form for a space's deploy rules, its lock, and what they show elsewhere."""

import html
import re
from datetime import timedelta

import pytest

from spaceport import clock


@pytest.fixture
def rules(crew) -> str:
    return f"/spaces/{crew.repo_id}/pushes/rules"


def stored(crew) -> dict:
    return crew.done("GET", "{space}/deploy-rules")


FILLED = {
    "auto_deploy": "yes",
    "follows": "these",
    "branches": "main\n\n  release/*  ",
    "tags": "v*",
    "paths": "services/**\n!**/*.md",
    "approval": "yes",
    "cron_0": "0 17 * * FRI",
    "duration_minutes_0": "3720",
    "timezone_0": "Europe/Berlin",
    "reason_0": "the weekend",
}


def test_what_is_filled_in_is_what_the_api_then_says(visit, crew, rules):
    browser = visit(crew.people["admin"])
    answer = browser.submit(rules, FILLED)
    assert (answer.status_code, answer.headers["location"]) == (303, rules)
    assert stored(crew) == {
        "branches": ["main", "release/*"],
        "tags": ["v*"],
        "paths": ["services/**", "!**/*.md"],
        "skip_tokens": False,
        "approval": True,
        "lock": None,
        "freeze_windows": [
            {"cron": "0 17 * * FRI", "duration_minutes": 3720, "timezone": "Europe/Berlin", "reason": "the weekend"}
        ],
    }
    assert crew.done("GET", crew.space)["auto_deploy"] is True


def test_the_form_sent_as_it_is_shown_changes_nothing(visit, crew, rules):
    browser = visit(crew.people["admin"])
    for wanted in ({}, {"branches": []}, {"branches": ["a", "b"], "tags": ["v*"], "skip_tokens": False}):
        crew.done("PUT", "{space}/deploy-rules", wanted)
        before = stored(crew)
        browser.submit(rules, shown(browser.get(rules).text))
        assert stored(crew) == before


def shown(page: str) -> dict[str, str]:
    """The fields of the form as a browser would send them."""
    form = re.search(r'<form[^>]*action="[^"]*/rules".*?</form>', page, re.DOTALL)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and (not re.search(r"checkbox|radio", tag) or " checked" in tag):
            fields[name[1]] = html.unescape(value[1]) if value else ""
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', form)
    return fields | {name: html.unescape(text) for name, text in areas}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"cron_0": "every friday", "duration_minutes_0": "5"}, "is not a cron expression"),
        ({"cron_0": "0 17 * * FRI", "duration_minutes_0": "soon"}, "Freeze windows:"),
        ({"cron_0": "0 17 * * FRI", "duration_minutes_0": "5", "timezone_0": "Mars/Base"}, "is not a time zone"),
        ({"follows": "these", "branches": ""}, "name at least one pattern"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_that_was_typed_is_lost(visit, crew, rules, typed, said):
    before = stored(crew)
    answer = visit(crew.people["owner"]).submit(rules, FILLED | typed)
    assert answer.status_code == 422
    assert said in answer.text
    for value in (FILLED | typed).values():
        assert html.escape(value.strip()) in answer.text
    assert stored(crew) == before


def test_a_window_whose_beginning_is_emptied_is_gone(visit, crew, rules):
    windows = [{"cron": f"0 {hour} * * *", "duration_minutes": 10} for hour in (1, 2)]
    crew.done("PUT", "{space}/deploy-rules", {"freeze_windows": windows})
    browser = visit(crew.people["owner"])
    browser.submit(rules, shown(browser.get(rules).text) | {"cron_0": ""})
    assert [window["cron"] for window in stored(crew)["freeze_windows"]] == ["0 2 * * *"]


def test_a_locked_space_says_why_and_until_when_and_lets_itself_be_unlocked(visit, crew, rules):
    browser = visit(crew.people["admin"])
    until = clock.now() + timedelta(days=1)
    at = rules.removesuffix("rules")
    answer = browser.submit(f"{at}lock", {"lock_reason": "the fair is on", "lock_until": f"{until:%Y-%m-%dT%H:%M}"})
    assert answer.status_code == 303
    said = f"Locked until {until:%Y-%m-%d %H:%M} UTC: the fair is on"
    space = f"/spaces/{crew.repo_id}"
    for path in (rules, space, f"{space}/deployments"):
        assert said in browser.get(path).text, path
    assert said in visit(crew.people["viewer"]).get(space).text
    assert "/pushes/unlock" not in visit(crew.people["deployer"]).get(space).text
    refused = visit(crew.people["deployer"]).submit(f"{space}/deploy", {"ref": "v1"})
    assert refused.status_code == 409
    assert "the fair is on" in refused.text
    assert 'value="v1"' in refused.text
    browser.submit(rules, FILLED)
    assert stored(crew)["lock"]["reason"] == "the fair is on"
    assert browser.submit(f"{at}unlock").status_code == 303
    assert "Locked" not in browser.get(space).text
    assert stored(crew)["lock"] is None
    assert stored(crew)["approval"] is True


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"lock_reason": ""}, "Reason:"),
        ({"lock_reason": "x", "lock_until": "2020-01-01T00:00"}, "has passed already"),
        ({"lock_reason": "x", "lock_until": "tomorrow"}, "Expires at:"),
    ],
)
def test_a_lock_that_cannot_be_is_refused(visit, crew, rules, typed, said):
    answer = visit(crew.people["owner"]).submit(rules.replace("rules", "lock"), typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert stored(crew)["lock"] is None


def test_a_frozen_space_says_until_when(visit, crew, rules):
    began = clock.now() - timedelta(minutes=1)
    window = {"cron": f"{began.minute} {began.hour} * * *", "duration_minutes": 60}
    crew.done("PUT", "{space}/deploy-rules", {"freeze_windows": [window]})
    until = began + timedelta(minutes=60)
    browser = visit(crew.people["viewer"])
    assert f"Frozen until {until:%Y-%m-%d %H:%M} UTC" in browser.get(f"/spaces/{crew.repo_id}").text
    waiting = crew.done("POST", "{space}/deployments", {})["id"]
    assert f"Waits for the end of a freeze of this Space, {until:%Y-%m-%d %H:%M} UTC" in (
        browser.get(f"/deployments/{waiting}").text
    )


def test_admins_alone_set_rules(visit, crew, rules):
    at = rules.removesuffix("rules")
    for who, seen, refused in (("viewer", 200, 403), ("deployer", 200, 403), ("stranger", 404, 404)):
        browser = visit(crew.people[who])
        answer = browser.get(rules)
        assert answer.status_code == seen
        assert "Save the rules" not in answer.text
        for path in ("rules", "lock", "unlock"):
            assert browser.submit(f"{at}{path}", {"lock_reason": "x"}).status_code == refused, (who, path)
