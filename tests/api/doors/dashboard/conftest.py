"""The dashboard over a real database and a real Hub, without a browser: what a page answers."""

import re
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient
from tests.api.conftest import PASSWORD, Person

from spaceport.dashboard.application import create_dashboard
from spaceport.events.feed import Feed
from spaceport.main import readers
from spaceport.runtime.relay import Relay

ORIGIN = {"Origin": "http://testserver"}


class Browser:
    """One person at the dashboard. Redirects are not followed."""

    def __init__(self, app) -> None:
        self.http = TestClient(app, raise_server_exceptions=True, follow_redirects=False)

    def sign_in(self, person: Person) -> "Browser":
        answer = self.submit("/sign-in", {"email": person.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return self

    def get(self, path: str, **headers: str):
        return self.http.get(path, headers=headers)

    def submit(self, path: str, fields: dict[str, Any] | None = None, *, files: Any = None, **headers: str):
        """As a form of one of our pages is sent."""
        token = self.token()
        fields = {"form_token": token, **(fields or {})} if token else fields
        return self.http.post(path, data=fields, files=files, headers=ORIGIN | headers)

    def token(self) -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', self.get("/account").text)
        return found[1] if found else ""


@pytest.fixture
def dashboard(instance):
    return create_dashboard(instance, Feed(readers(instance.database), None), Relay())


@pytest.fixture
def visit(dashboard):
    def as_somebody(person: Person | None = None) -> Browser:
        browser = Browser(dashboard)
        return browser.sign_in(person) if person else browser

    return as_somebody


@pytest.fixture
def team(crew) -> str:
    return f"/teams/{crew.team_id}"


@pytest.fixture
def owner(visit, crew):
    return visit(crew.people["owner"])


@pytest.fixture
def deployment(crew) -> str:
    return crew.done("POST", f"{crew.space}/deployments")["id"]


@pytest.fixture
def statements(database):
    """How many SQL statements it takes to answer an address."""

    def count(browser: Browser, path: str) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            assert browser.get(path).status_code == 200
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    return count
