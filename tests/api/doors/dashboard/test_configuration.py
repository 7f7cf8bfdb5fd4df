"""The configuration of a space at the dashboard: staged, seen, applied or taken back, and never a secret shown."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlmodel import select
from tests.api.doors.conftest import NEXT

from spaceport.configuration.model import Kind
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

HIDDEN = "hf_do-not-show-me"


@pytest.fixture
def page(docker) -> str:
    return f"{docker.removeprefix('/api/v1')}/configuration"


@pytest.fixture
def browser(visit, crew):
    return visit(crew.people["deployer"])


def staged(crew, docker) -> list[tuple[str, str, str]]:
    found = crew.done("GET", f"{docker}/configuration/staged")
    return [(each["kind"], each["action"], each["key"]) for each in found]


def test_a_secret_is_staged_from_a_form_and_its_value_is_on_no_page(crew, docker, page, browser, hub):
    fields = {"key": "HF_TOKEN", "value": f"{HIDDEN}\r\nsecond line", "description": "reads the model"}
    answer = browser.submit(f"{page}/secrets", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert HIDDEN not in str(answer.headers)
    shown = browser.get(page).text
    for words in ("1 change waits", "set <code>HF_TOKEN</code>", "deployer, <time", "reads the model"):
        assert words in shown, words
    assert HIDDEN not in shown + browser.get(f"{page}/secrets/HF_TOKEN").text
    assert staged(crew, docker) == [("secret", "set", "HF_TOKEN")]
    assert not hub.api().get_space_secrets(docker.removeprefix("/api/v1/spaces/"))


def test_what_is_staged_is_applied_together_or_taken_back(crew, docker, page, browser, hub):
    browser.submit(f"{page}/variables", {"key": "COLOR", "value": "red"})
    browser.submit(f"{page}/variables", {"key": "SIZE", "value": "9"})
    assert "2 changes wait" in browser.get(page).text
    browser.submit(f"{page}/staged/discard", {"kind": Kind.VARIABLE.value, "key": "SIZE"})
    assert staged(crew, docker) == [("variable", "set", "COLOR")]
    assert browser.submit(f"{page}/staged/apply").headers["location"] == page
    shown = browser.get(page).text
    assert "1 change is applied." in shown
    assert "On the Hub" in shown
    there = hub.api().get_space_variables(docker.removeprefix("/api/v1/spaces/"))
    assert {key: each.value for key, each in there.items()} == {"COLOR": "red"}


def test_nothing_is_applied_under_a_deployment_and_the_page_says_what_to_do(crew, docker, page, browser):
    browser.submit(f"{page}/variables", {"key": "COLOR", "value": "red"})
    crew.done("POST", f"{docker}/deployments")
    answer = browser.submit(f"{page}/staged/apply", Referer=f"http://testserver{page}")
    assert answer.headers["location"] == page
    shown = browser.get(page).text
    assert "cancel it on its page" in shown
    assert "POST /api" not in shown
    assert "1 change waits" in shown


def test_a_form_that_cannot_be_taken_keeps_what_was_typed_but_never_a_secret(page, browser):
    wrong = browser.submit(f"{page}/secrets", {"key": "9 LIVES", "value": HIDDEN, "description": "a cat"})
    assert wrong.status_code == 422
    assert 'value="9 LIVES"' in wrong.text
    assert 'value="a cat"' in wrong.text
    assert HIDDEN not in wrong.text
    kept = browser.submit(f"{page}/variables", {"key": "9 LIVES", "value": "two\r\nlines"})
    assert "two\nlines</textarea>" in kept.text
    broken = browser.submit(f"{page}/secrets/dotenv", {"text": f"GOOD={HIDDEN}\nTHIS IS {HIDDEN}\n"})
    assert broken.status_code == 422
    assert "Line 2 of the dotenv file" in broken.text
    assert HIDDEN not in broken.text


def test_a_name_that_is_taken_by_a_variable_is_said_on_the_form(page, browser):
    browser.submit(f"{page}/variables", {"key": "COLOR", "value": "red"})
    answer = browser.submit(f"{page}/secrets", {"key": "COLOR", "value": HIDDEN})
    assert answer.status_code == 409
    assert "COLOR is a variable of this space" in answer.text


def test_many_are_set_from_a_text_or_a_file_and_the_others_stay(crew, docker, page, browser):
    browser.submit(f"{page}/secrets", {"key": "OLD", "value": "stays"})
    browser.submit(f"{page}/secrets/dotenv", {"text": "A=1\r\n# a comment\r\nexport B='2'\r\n"})
    browser.submit(f"{page}/secrets/dotenv", files={"file": ("x.env", b"C=3\n")})
    assert {key for _, _, key in staged(crew, docker)} == {"OLD", "A", "B", "C"}
    assert browser.submit(f"{page}/secrets/dotenv", files={"file": ("x.env", b"C=\xff\n")}).status_code == 422
    assert browser.submit(f"{page}/secrets/dotenv", {"text": ""}).status_code == 422


def test_deleting_a_secret_needs_its_name_and_a_variable_does_not(crew, docker, page, browser):
    crew.done("POST", f"{docker}/secrets", {"secrets": [{"key": "TOKEN", "value": HIDDEN}]})
    crew.done("POST", f"{docker}/variables", {"variables": [{"key": "COLOR", "value": "red"}]})
    refused = browser.submit(f"{page}/secrets/TOKEN/delete", {"confirm": "TOKE"})
    assert (refused.status_code, staged(crew, docker)) == (422, [])
    assert "type its name to confirm" in refused.text
    browser.submit(f"{page}/secrets/TOKEN/delete", {"confirm": "TOKEN"})
    browser.submit(f"{page}/variables/COLOR/delete")
    assert staged(crew, docker) == [("secret", "delete", "TOKEN"), ("variable", "delete", "COLOR")]
    assert "Deletion waits" in browser.get(page).text


def test_an_earlier_version_is_restored_as_the_newest(crew, docker, page, browser):
    for value in ("red", "blue"):
        crew.done("PUT", f"{docker}/variables/COLOR", {"value": value})
    shown = browser.get(f"{page}/variables/COLOR").text
    assert shown.index("v2") < shown.index("v1")
    browser.submit(f"{page}/variables/COLOR/restore", {"version": "1"})
    newest = crew.done("GET", f"{docker}/variables")[0]
    assert (newest["version"], newest["value"], newest["staged"]) == (3, "red", True)
    assert browser.get(f"{page}/secrets/COLOR").status_code == 404


def test_a_description_is_kept_where_it_was_not_shown_and_taken_away_where_it_was(crew, docker, page, browser):
    crew.done("PUT", f"{docker}/variables/COLOR", {"value": "red", "description": "of the sky"})
    browser.submit(f"{page}/variables", {"key": "COLOR", "value": "blue", "description": ""})
    assert crew.done("GET", f"{docker}/variables")[0]["description"] == "of the sky"
    browser.submit(f"{page}/variables", {"key": "COLOR", "value": "blue", "description": "", "shown": "yes"})
    assert not crew.done("GET", f"{docker}/variables")[0]["description"]


def test_what_others_changed_on_the_hub_is_found_when_one_looks(visit, crew, docker, page, hub):
    crew.done("PUT", f"{docker}/variables/COLOR", {"value": "red"})
    hub.api().add_space_variable(docker.removeprefix("/api/v1/spaces/"), "COLOR", "green")
    viewer = visit(crew.people["viewer"])
    viewer.submit(f"{page}/look")
    shown = viewer.get(page).text
    assert "1 change was made on the Hub itself." in shown
    assert "behind our back" in shown
    assert "green" in shown


def test_volumes_are_edited_one_by_one_and_staged_as_a_list(crew, docker, page, browser, hub):
    volumes = page.replace("configuration", "volumes")
    data = {"type": "bucket", "source": "local/data", "mount_path": "/data"}
    browser.submit(volumes, data)
    browser.submit(volumes, {"type": "model", "source": "local/bert", "mount_path": "/model", "revision": "v1"})
    browser.submit(volumes, data | {"source": "local/other", "read_only": "yes"})
    assert staged(crew, docker) == [("volumes", "set", "*")]
    shown = browser.get(page).text
    assert "set volumes" in shown
    assert "Waits" in shown
    wrong = browser.submit(volumes, data | {"mount_path": "relative"})
    assert (wrong.status_code, 'value="relative"' in wrong.text) == (422, True)
    browser.submit(f"{page}/staged/apply")
    there = {each.mount_path: each.source for each in hub.api().get_space_runtime(docker[15:]).volumes}
    assert there == {"/data": "local/other", "/model": "local/bert"}
    browser.submit(f"{volumes}/remove", {"mount_path": "/data"})
    assert "Removal waits" in browser.get(page).text
    # Wanting again what is there already leaves nothing to apply.
    browser.submit(volumes, data | {"source": "local/other", "read_only": "yes"})
    assert staged(crew, docker) == []


def test_of_two_people_who_mount_a_volume_at_once_both_are_heard(visit, crew, docker, page, database):
    volumes = page.replace("configuration", "volumes")
    people = [visit(crew.people[role]) for role in ("deployer", "admin")]
    with database.unit_of_work() as session:
        space_id = session.exec(select(Space.id).where(Space.name == docker.rpartition("/")[2])).one()

    def mount(browser, mount_path):
        return browser.submit(volumes, {"type": "bucket", "source": "local/data", "mount_path": mount_path})

    with ThreadPoolExecutor(2) as pool:
        with database.unit_of_work() as session:
            spaces.lock(session, space_id)
            sent = [pool.submit(mount, browser, path) for browser, path in zip(people, ("/one", "/two"), strict=True)]
            until_waiting(database, 2)
        assert {each.result(20).status_code for each in sent} == {303}
    listed = crew.done("GET", f"{docker}/volumes")["staged"]
    assert sorted(each["mount_path"] for each in listed) == ["/one", "/two"]


def until_waiting(database, count: int) -> None:
    """For a lock, so many transactions."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with database.unit_of_work() as session:
            if session.execute(waiting).scalar_one() == count:
                return
    raise AssertionError(f"not {count} wait")


def test_a_viewer_reads_all_of_it_and_changes_nothing(visit, crew, docker, page):
    crew.done("PUT", f"{docker}/secrets/TOKEN?{NEXT}", {"value": HIDDEN})
    crew.done("PUT", f"{docker}/variables/COLOR?{NEXT}", {"value": "red"})
    viewer = visit(crew.people["viewer"])
    for path in (page, f"{page}/secrets/TOKEN", f"{page}/variables/COLOR"):
        shown = viewer.get(path)
        assert shown.status_code == 200
        assert HIDDEN not in shown.text
        for verb in ("Stage", "Apply now", "Discard", "Restore"):
            assert verb not in shown.text, (path, verb)
    for path in changing(page):
        assert viewer.submit(path, {"kind": "secret", "version": "1"}).status_code == 403, path


def test_another_team_finds_nothing(visit, crew, docker, page):
    crew.done("PUT", f"{docker}/secrets/TOKEN?{NEXT}", {"value": HIDDEN})
    stranger = visit(crew.people["stranger"])
    for path in (page, f"{page}/secrets/TOKEN"):
        assert stranger.get(path).status_code == 404, path
    for path in [*changing(page), f"{page}/look"]:
        assert stranger.submit(path, {"kind": "secret", "version": "1"}).status_code == 404, path


def test_a_form_of_another_site_changes_nothing(crew, docker, page, browser):
    sent = {"key": "TOKEN", "value": "x", "form_token": browser.token()}
    foreign = browser.http.post(f"{page}/secrets", data=sent, headers={"Origin": "https://evil.example"})
    without = browser.submit(f"{page}/secrets", {"key": "TOKEN", "value": "x", "form_token": "0" * 64})
    assert (foreign.status_code, without.status_code, staged(crew, docker)) == (403, 403, [])


def changing(page: str) -> list[str]:
    volumes = page.replace("configuration", "volumes")
    return [
        f"{page}/secrets",
        f"{page}/variables",
        f"{page}/secrets/dotenv",
        f"{page}/secrets/TOKEN/delete",
        f"{page}/secrets/TOKEN/restore",
        f"{page}/staged/apply",
        f"{page}/staged/discard",
        volumes,
        f"{volumes}/remove",
    ]
