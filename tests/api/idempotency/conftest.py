"""Ada sends requests with keys, to the real routes and to one whose handler does what the test says."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI, Response
from sqlmodel import select
from starlette.testclient import TestClient
from tests.api.conftest import Person

from spaceport import clock
from spaceport.accounts.model import Team
from spaceport.api.application import create_api
from spaceport.hub_accounts.model import HubAccount
from spaceport.idempotency.model import IdempotentRequest
from spaceport.spaces.model import Space

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
TEAMS = "/api/v1/teams"
ENGINES = {"name": "Engines"}


@pytest.fixture
def app(instance) -> FastAPI:
    return create_api(instance)


@pytest.fixture
def api(app):
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def ada(sign_up) -> Person:
    return sign_up("ada")


@pytest.fixture
def rows(database):
    def read() -> list[IdempotentRequest]:
        with database.unit_of_work() as session:
            return list(session.exec(select(IdempotentRequest)))

    return read


@pytest.fixture
def teams(database):
    """The names of the teams that people made themselves."""

    def read() -> list[str]:
        with database.unit_of_work() as session:
            return list(session.exec(select(Team.name).where(Team.personal == False)))  # noqa: E712

    return read


@pytest.fixture
def later(monkeypatch):
    """Stops the clock and moves it."""
    time = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: time[0])

    def move(**by: float) -> None:
        time[0] += timedelta(**by)

    return move


def send(person: Person, path: str, key: str = KEY, **request) -> httpx.Response:
    headers = {**person.headers, "Idempotency-Key": key, **request.pop("headers", {})}
    return person.api.post(path, headers=headers, **request)


def replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


@pytest.fixture
def space(database, ada) -> str:
    """The address of the deployments of a space in Ada's team."""
    with database.unit_of_work() as session:
        account = HubAccount(
            team_id=ada.personal_team_id,
            endpoint="http://127.0.0.1:1",
            origin="stored",
            name="ada",
            plan="",
            token_role="write",
        )
        session.add(account)
        session.flush()
        session.add(
            Space(
                team_id=ada.personal_team_id,
                hub_account_id=account.id,
                endpoint=account.endpoint,
                owner="ada",
                name="engine",
                sdk="docker",
                visibility="public",
                source={"kind": "git", "url": "https://example.org/engine.git"},
                health={},
                budgets={},
            )
        )
    return "/api/v1/spaces/ada/engine/deployments"


class Workshop:
    """A route of the test's own, whose handler does what the test says, and says when it is there."""

    PATH = "/api/v1/workshop"

    def __init__(self, app: FastAPI, database) -> None:
        self.database = database
        self.act = lambda: None
        app.add_api_route(self.PATH, self.work, methods=["POST"], status_code=201)

    def work(self, response: Response) -> dict[str, str]:
        response.headers["Location"] = "/somewhere"
        self.act()
        return {"made": "it"}

    def make_team(self, name: str = "Engines") -> None:
        with self.database.unit_of_work() as session:
            session.add(Team(slug=name.lower(), name=name))


@pytest.fixture
def workshop(app, database) -> Workshop:
    return Workshop(app, database)


@contextmanager
def stopped(work: Workshop, person: Person):
    """A first request that has come as far as its handler, and goes on at the end of the block."""
    there, go_on, act = threading.Event(), threading.Event(), work.act

    def wait() -> None:
        work.act = act
        there.set()
        assert go_on.wait(20)
        act()

    work.act = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, person, work.PATH)
        assert there.wait(20)
        try:
            yield first
        finally:
            go_on.set()
        first.result(20)
