"""The interactive documentation of the REST API: signing in and trying a call, under the strict policy."""

from playwright.sync_api import expect
from tests.browser.conftest import PASSWORD


def test_a_call_is_tried_after_signing_in_there(window, spaceport):
    person = spaceport.person("reader")
    person.http.close()
    page = window().page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{spaceport.url}/docs")
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_label("username:").fill(person.email)
    dialog.get_by_label("password:").fill(PASSWORD)
    dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    dialog.get_by_role("button", name="Close").first.click()
    page.locator("#operations-tag-accounts").click()
    operation = page.locator("#operations-accounts-read_me")
    operation.locator("button.opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text(person.email)
    assert [url for url in asked if not url.startswith((spaceport.url, "data:"))] == []
