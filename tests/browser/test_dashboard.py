"""What people do at the dashboard, in a real browser against the real programs."""

import time

from playwright.sync_api import expect
from tests.scenarios import apps


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
