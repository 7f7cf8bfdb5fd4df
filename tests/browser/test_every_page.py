"""One walk over all pages: nothing in the console, nothing that axe finds in either theme, little script, no wider
than a phone.
"""

from collections.abc import Iterator

import pytest
from tests.browser import pages
from tests.browser.conftest import Window, violations
from tests.scenarios import apps
from tests.spaceport_server import Person, SpaceportServer

MOST_SCRIPT = 50_000
FEWEST_FORMS = 20
NAME = "walked"


@pytest.fixture(scope="module")
def person(spaceport: SpaceportServer) -> Iterator[Person]:
    somebody = spaceport.person(NAME)
    somebody.connect_hub()
    yield somebody
    somebody.http.close()


@pytest.fixture(scope="module")
def places(person: Person) -> dict[str, str]:
    """A Space with a live release, a deployment that failed after it, and something for every page."""
    repo_id = f"local/{NAME}"
    person.manage(repo_id, {"kind": "space", "repo_id": "local/other"})
    live = person.finished(person.deploy(repo_id, source=person.upload(apps.hello())))
    failed = person.finished(person.deploy(repo_id, source=person.upload(apps.broken_build())))
    deployments = {"deployment": f"/deployments/{live['id']}", "failed": f"/deployments/{failed['id']}"}
    return deployments | pages.furnish(person, repo_id)


@pytest.mark.parametrize("address", pages.OUTSIDE)
def test_a_page_for_everybody_is_quiet_light_and_accessible(window, address):
    walk(window(), address, address)


@pytest.mark.parametrize("address", pages.INSIDE)
def test_a_page_behind_the_sign_in_is_quiet_light_and_accessible(window, person, places, address):
    visitor = window()
    visitor.sign_in(NAME)
    walk(visitor, address, address.format_map(places))


def test_every_form_is_one_that_a_browser_without_javascript_can_send(window, person, places):
    visitor = window(java_script_enabled=False)
    visitor.sign_in(NAME)
    sent_to = set()
    # The storybook's forms lead nowhere.
    for address in set(pages.INSIDE) - {"/storybook"}:
        visitor.open(address.format_map(places))
        for form in visitor.page.locator("form").all():
            assert form.locator("button:not([type=button]), input[type=submit]").count() >= 1, address
            # The switch of colours has no token: it is everybody's.
            if form.get_attribute("method") == "post" and form.get_attribute("action") != "/theme":
                assert form.locator("input[name=form_token]").count() == 1, address
                sent_to.add(form.get_attribute("action"))
    assert len(sent_to) > FEWEST_FORMS
    for action in sent_to:
        # Without its token a form is refused, at an address that knows it.
        assert visitor.page.request.post(visitor.url + action, form={}).status == 403, action


def walk(visitor: Window, address: str, path: str) -> None:
    """What the console says, the fixture `window` looks at."""
    page, weights = visitor.page, []
    page.on("requestfinished", lambda request: weights.append(weight(request)))
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(visitor.url + path)
    assert (answer.status, page.url) == (200, visitor.url + path)
    if address not in pages.BY_OTHERS:
        assert sum(weights) < MOST_SCRIPT
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            assert violations(visitor) == [], theme
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def weight(request) -> int:
    return request.sizes()["responseBodySize"] if request.resource_type == "script" else 0
