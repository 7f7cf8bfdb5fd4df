"""What people do at the dashboard, in a real browser against the real programs."""

import itertools
import time

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import CHROMIUM, PASSWORD
from tests.scenarios import apps
from tests.spaceport_server import Person

if CHROMIUM is None:
    reason = "there is no Chromium; Debian has it as a package, or name one with CHROMIUM=/path/to/it"
    pytest.skip(reason, allow_module_level=True)

_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    return f"seen-{next(_numbers)}"


@pytest.fixture
def person(spaceport, name) -> Person:
    """Somebody who has come over REST before, with a connected Hub account."""
    somebody = spaceport.person(name)
    somebody.connect_hub()
    yield somebody
    somebody.http.close()


@pytest.fixture
def signed_in(window, person, name):
    """A window of theirs. The password is the one of every person of the tests."""
    assert person._sign_in["password"] == PASSWORD
    opened = window()
    opened.sign_in(name)
    return opened


SLOW = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN for i in $(seq 60); do echo step $i; sleep 0.2; done\n"


def slow_build() -> dict[str, str]:
    return apps.hello() | {"Dockerfile": SLOW + "CMD python app.py\n"}


def test_from_signing_up_to_a_live_app_within_two_minutes(window, name):
    started = time.monotonic()
    visitor = window()
    page = visitor.page
    visitor.sign_up(name)
    expect(page.get_by_role("heading", name="Your first Space")).to_be_visible()
    page.get_by_role("button", name="Use the local Hub's account").click()
    expect(page.get_by_role("status")).to_contain_text("Connected to the Hub as local")
    page.get_by_label("Name of the Space").first.fill(name)
    page.get_by_role("button", name="Deploy the example").click()
    expect(page.get_by_role("heading", name="Deployment #1")).to_be_visible()
    link = page.get_by_role("link", name="Open the app")
    expect(link).to_be_visible(timeout=60_000)
    assert time.monotonic() - started < 120
    expect(page.get_by_role("log")).to_contain_text("listening on 7860")
    answer = page.request.get(link.get_attribute("href"))
    assert "It is live." in answer.text()


def test_a_build_that_fails_says_why_and_what_to_do_first_without_a_reload(signed_in, person, name):
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(apps.broken_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    page.evaluate("window.sameDocument = true")
    failed = page.locator(".note.bad")
    expect(failed).to_contain_text("Do this first:", timeout=60_000)
    expect(page.get_by_role("log")).to_contain_text("about to break")
    expect(page.locator(".steps .failed")).to_contain_text("Build")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_the_log_goes_on_over_a_restart_of_the_server_without_a_gap_or_a_repeat(signed_in, spaceport, person, name):
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(slow_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("step 5")
    spaceport.kill()
    expect(page.locator("[data-state]")).to_contain_text("Connecting again")
    spaceport.start()
    expect(page.locator("[data-state]")).to_have_text("Complete", timeout=90_000)
    expect(page.get_by_role("status").get_by_text("Went live")).to_be_visible()
    shown = [int(seq) for seq in page.locator(".line[data-seq]").evaluate_all("all => all.map(x => x.dataset.seq)")]
    kept = [line["seq"] for line in person.get(f"/deployments/{deployment['id']}/logs", limit=5000)["items"]]
    assert shown == kept == list(range(1, len(kept) + 1))
    # What the browser itself says of the outage is expected here, and nowhere else.
    outage = ("net::ERR", "htmx:sendError", "htmx:afterRequest")
    signed_in.complaints[:] = [each for each in signed_in.complaints if not any(part in each for part in outage)]


def test_the_log_pauses_when_scrolled_up_can_be_searched_and_copied(signed_in, person, name):
    signed_in.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(slow_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    log, follow = page.get_by_role("log"), page.get_by_label("Follow")
    expect(log).to_contain_text("step 30", timeout=60_000)
    log.evaluate("log => log.scrollTop = 0")
    expect(follow).not_to_be_checked()
    expect(log).to_contain_text("step 40")
    assert log.evaluate("log => log.scrollTop") == 0
    follow.check()
    expect(page.locator("[data-state]")).to_have_text("Complete", timeout=60_000)
    assert log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 24
    page.get_by_label("Search the log").fill("step 59")
    expect(page.locator("[data-found]")).to_have_text("1 line")
    expect(log.get_by_text("step 58")).to_be_hidden()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "step 59"


def test_the_log_of_a_running_app_is_followed_from_where_the_page_ends_over_a_restart_of_the_app(
    signed_in, person, name
):
    person.manage(f"local/{name}")
    person.finished(person.deploy(f"local/{name}", source=person.upload(talking())))
    page = signed_in.page
    signed_in.open(f"/spaces/local/{name}/logs")
    log = page.get_by_role("log")
    shown = log.locator("code", has_text="said")
    assert shown.count() > 0
    expect(log).to_contain_text("said 9.", timeout=60_000)
    said = [int(text.split()[1].rstrip(".")) for text in shown.all_inner_texts()]
    assert said == list(range(1, len(said) + 1))
    # Another log begins, and takes the place of the one before.
    person.post(f"/spaces/local/{name}/restart")
    expect(log).not_to_contain_text("said 9.", timeout=60_000)
    expect(log).to_contain_text("said 3.", timeout=60_000)
    said = [int(text.split()[1].rstrip(".")) for text in shown.all_inner_texts()]
    assert said == list(range(1, len(said) + 1))


def talking() -> dict[str, str]:
    """An app that says something once in a while."""
    talk = (
        "import itertools, threading, time\n"
        "def talk():\n"
        "    for i in itertools.count(1):\n"
        "        print(f'said {i}.', flush=True)\n"
        "        time.sleep(0.5)\n"
        "threading.Thread(target=talk, daemon=True).start()\n"
    )
    app = apps.hello()
    return app | {"app.py": talk + app["app.py"]}


def test_an_earlier_release_is_brought_back_live(signed_in, person, name):
    person.manage(f"local/{name}")
    for greeting in ("first", "second"):
        person.finished(person.deploy(f"local/{name}", source=person.upload(apps.hello(greeting))))
    page = signed_in.page
    signed_in.open(f"/spaces/local/{name}")
    page.get_by_role("link", name="Roll back to v1").click()
    expect(page.get_by_role("heading", name="Roll back from v2 to v1?")).to_be_visible()
    page.get_by_role("button", name="Roll back to v1").click()
    link = page.get_by_role("link", name="Open the app")
    expect(link).to_be_visible(timeout=60_000)
    expect(page.get_by_text("release v3")).to_be_visible()
    assert page.request.get(link.get_attribute("href")).text() == "first"


def test_the_list_shows_a_deployment_by_itself(signed_in, person, name):
    person.manage(f"local/{name}")
    page = signed_in.page
    signed_in.open("/")
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("never")
    page.evaluate("window.sameDocument = true")
    person.deploy(f"local/{name}", source=person.upload(apps.hello()))
    expect(row).to_contain_text("v1", timeout=60_000)
    expect(row).to_contain_text("Went live")
    assert page.evaluate("window.sameDocument") is True


def test_the_list_is_searched_while_one_types(signed_in, person, name):
    for suffix in ("apple", "pear"):
        person.manage(f"local/{name}-{suffix}")
    page = signed_in.page
    signed_in.open("/")
    page.get_by_label("Search by name").press_sequentially("pear")
    expect(page.locator("a.name", has_text=f"{name}-apple")).to_have_count(0)
    expect(page.locator("a.name", has_text=f"{name}-pear")).to_be_visible()


def test_pausing_and_restarting_by_keyboard_alone(signed_in, person, name):
    person.manage(f"local/{name}")
    person.finished(person.deploy(f"local/{name}", source=person.upload(apps.hello())))
    page = signed_in.page
    signed_in.open("/")
    walk_to(page, f"local/{name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    walk_to(page, "Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    walk_to(page, "Restart")
    page.keyboard.press("Enter")
    expect(page.get_by_text("starts again")).to_be_visible()


def test_a_secret_is_set_by_keyboard_waits_in_sight_and_is_applied(signed_in, person, hub, name):
    person.manage(f"local/{name}")
    person.finished(person.deploy(f"local/{name}", source=person.upload(apps.hello())))
    page = signed_in.page
    signed_in.open(f"/spaces/local/{name}")
    walk_to(page, "Configuration")
    page.keyboard.press("Enter")
    page.wait_for_url("**/configuration")
    walk_to(page, "Add or change a secret")
    page.keyboard.press("Enter")
    for text in ("HF_TOKEN", "reads the model", "hf_first line"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.keyboard.type("second line")
    walk_to(page, "Stage this secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 change waits")).to_be_visible()
    expect(page.get_by_text("Applying costs one restart")).to_be_visible()
    assert not hub.api().get_space_secrets(f"local/{name}")
    walk_to(page, "Apply now (one restart)")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 change is applied.")).to_be_visible()
    assert list(hub.api().get_space_secrets(f"local/{name}")) == ["HF_TOKEN"]
    assert "hf_first" not in page.content()


def test_every_form_on_the_way_to_a_live_app_works_without_javascript(window, hub, name):
    visitor = window(java_script_enabled=False)
    page = visitor.page
    visitor.sign_up(name)
    page.get_by_label("Hub token").fill(hub.token)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_label("Name of the Space").first.fill(name)
    page.get_by_role("button", name="Deploy the example").click()
    expect(page.get_by_role("heading", name="Deployment #1")).to_be_visible()
    until_reloaded(page, "Open the app")
    expect(page.get_by_role("log")).to_contain_text("listening on 7860")
    page.get_by_role("link", name=f"local/{name}").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("is paused")).to_be_visible()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def walk_to(page, label: str) -> None:
    """With the tabulator key, as somebody without a mouse goes."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if label in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{label} cannot be reached")


def until_reloaded(page, text: str) -> None:
    deadline = time.monotonic() + 60
    while page.get_by_text(text).count() == 0:
        assert time.monotonic() < deadline, page.content()[-2000:]
        page.wait_for_timeout(300)
        page.reload()
