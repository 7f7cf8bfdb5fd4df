"""Inside the Hub's page, which shows a Space in an iframe of another site.

The Hub is at 127.0.0.1 and the dashboard at localhost: two sites to a browser, both trustworthy enough for `Secure`
cookies without https.
"""

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from tests.browser.conftest import PASSWORD, Window

SESSION = "__Host-spaceport_session"
STRANGER = "http://127.0.0.2:9"


@pytest.fixture
def dashboard(spaceport) -> str:
    return f"http://localhost:{spaceport.port}"


@pytest.fixture
def outer(window, hub, dashboard) -> Window:
    """A window whose address belongs to the Hub, and which frames the dashboard."""
    opened = window()
    show(opened.page, hub.url, f'<iframe name="app" src="{dashboard}/sign-up" width="1000" height="700"></iframe>')
    return opened


def show(page: Page, site: str, body: str) -> None:
    html = f"<!doctype html><title>outer</title>{body}"
    page.route(f"{site}/outer", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(f"{site}/outer")


def sign_up(frame: FrameLocator, name: str) -> None:
    frame.get_by_label("Name").fill(name)
    frame.get_by_label("E-mail").fill(f"{name}@example.com")
    frame.get_by_label("Password").fill(PASSWORD)
    frame.get_by_role("button", name="Create the account").click()
    expect(frame.get_by_role("heading", name="Your first Space")).to_be_visible()


def test_signing_up_in_and_every_form_work_in_the_frame(outer, hub):
    frame = outer.page.frame_locator("iframe")
    sign_up(frame, "framed")
    frame.get_by_role("button", name="Dark").click()
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    frame.get_by_label("Hub token").fill(hub.token)
    frame.get_by_role("button", name="Connect", exact=True).click()
    expect(frame.get_by_role("status")).to_contain_text("Connected to the Hub as local")
    frame.get_by_role("button", name="Sign out").click()
    expect(frame.get_by_text("You are signed out.")).to_be_visible()
    frame.get_by_label("E-mail").fill("framed@example.com")
    frame.get_by_label("Password").fill(PASSWORD)
    frame.get_by_role("button", name="Sign in").click()
    expect(frame.get_by_role("heading", name="Your first Space")).to_be_visible()


def test_the_cookie_of_the_frame_holds_below_the_hubs_page_alone(outer, dashboard):
    sign_up(outer.page.frame_locator("iframe"), "kept")
    [cookie] = [each for each in outer.page.context.cookies() if each["name"] == SESSION]
    assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("None", True, True)
    assert cookie["partitionKey"] == "http://127.0.0.1"
    alone = outer.page.context.new_page()
    alone.goto(f"{dashboard}/account")
    assert alone.url == f"{dashboard}/sign-in?next=/account"
    expect(alone.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_whoever_is_signed_in_alone_is_not_signed_in_in_the_frame(window, hub, spaceport, dashboard):
    visitor = window()
    visitor.url = dashboard
    visitor.sign_up("alone")
    show(visitor.page, hub.url, f'<iframe src="{dashboard}/account"></iframe>')
    frame = visitor.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_a_page_that_is_not_the_hubs_may_not_frame_it(window, dashboard):
    visitor = window()
    with visitor.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        show(visitor.page, STRANGER, f'<iframe src="{dashboard}/sign-in"></iframe>')
    expect(visitor.page.frame_locator("iframe").get_by_role("heading", name="Welcome back")).to_have_count(0)
    visitor.complaints.clear()


def test_the_page_around_the_frame_sends_no_form_of_it(outer, dashboard):
    frame = outer.page.frame_locator("iframe")
    sign_up(frame, "victim")
    stranger = f"""<form id="theirs" method="post" action="{dashboard}/sign-out" target="app"></form>"""
    outer.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", stranger)
    with outer.page.expect_response(f"{dashboard}/sign-out") as refused:
        outer.page.evaluate("document.getElementById('theirs').submit()")
    assert refused.value.status == 403
    expect(frame.get_by_text("This form was not sent by a page of this dashboard")).to_be_visible()
    frame.get_by_role("link", name="All Spaces").first.click()
    expect(frame.get_by_role("button", name="Sign out")).to_be_visible()
    outer.complaints[:] = [each for each in outer.complaints if "403" not in each]
