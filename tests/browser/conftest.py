"""Chromium over the real programs. Skipped, in one line, where there is no Chromium."""

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.localhub_server import LocalHub
from tests.programs import home, hub, serving
from tests.spaceport_server import Person, SpaceportServer

__all__ = ["home", "hub"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery staple"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that a test makes up has no address, and would not be let to this machine.
    "--disable-features=LocalNetworkAccessChecks",
]
_PATIENCE = 30_000
_numbers = itertools.count(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ours = [item for item in items if item.path.is_relative_to(here)]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        # The programs take a while to start, and Chromium on a busy machine as well.
        item.add_marker(pytest.mark.timeout(240))
    if CHROMIUM is None and ours:
        # One line for all of them, instead of one for each.
        why = f"no Chromium for {len(ours)} tests; Debian has it as a package, or name one with CHROMIUM=/path/to/it"
        ours[0].add_marker(pytest.mark.skip(reason=why))
        config.hook.pytest_deselected(items=ours[1:])
        items[:] = [item for item in items if item not in ours[1:]]


# Not for the session: while Playwright runs, no asynchronous test of another folder could.
@pytest.fixture(scope="module", autouse=True)
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def spaceport(home: Path, hub: LocalHub) -> Iterator[SpaceportServer]:
    with serving(home, hub, STORYBOOK="true") as server:
        # Whoever registers first is given the environment's Hub account; the people of the tests connect their own.
        first = server.person("first")
        first.get("/hub-accounts")
        first.http.close()
        yield server


@dataclass
class Window:
    """A page of its own, and what its console complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_up(self, name: str) -> None:
        self.open("/sign-up")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("E-mail").fill(f"{name}@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create the account").click()

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.page.get_by_label("E-mail").fill(f"{name}@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.url + "/")


@pytest.fixture
def window(chromium: Browser, spaceport: SpaceportServer):
    """Opens windows; afterwards none of their consoles may have complained."""
    opened: list[Window] = []

    def opens(**options) -> Window:
        context = chromium.new_context(**options)
        context.set_default_timeout(_PATIENCE)
        opened.append(Window(context.new_page(), spaceport.url))
        listen(opened[-1])
        return opened[-1]

    yield opens
    for each in opened:
        each.page.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []


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


def listen(window: Window) -> None:
    def heard(message) -> None:
        if message.type in {"error", "warning"}:
            window.complaints.append(f"{window.page.url}: {message.text}")

    window.page.on("console", heard)
    window.page.on("pageerror", lambda error: window.complaints.append(f"{window.page.url}: {error}"))


AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text()


def violations(window: Window) -> list[str]:
    """What axe finds on the page. Run in a world of its own, as a page's policy lets nobody add a script."""
    session = window.page.context.new_cdp_session(window.page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": AXE, "contextId": world})
    script = "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))"
    asked = {"expression": script, "contextId": world, "awaitPromise": True, "returnByValue": True}
    found = json.loads(session.send("Runtime.evaluate", asked)["result"]["value"])
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]
