"""The real programs, once for all scenarios of a test process; each scenario has Spaces of its own."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_server import GitServer
from tests.programs import home, hub, spaceport
from tests.spaceport_server import Person, SpaceportServer

__all__ = ["home", "hub", "spaceport"]

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.scenario)


@pytest.fixture(scope="session")
def git() -> Iterator[GitServer]:
    with GitServer() as server:
        yield server


@pytest.fixture(scope="session")
def account(spaceport: SpaceportServer) -> Iterator[Person]:
    somebody = spaceport.person()
    somebody.connect_hub()
    yield somebody
    somebody.http.close()


@pytest.fixture
def person(account: Person) -> Person:
    account.stay_signed_in()
    return account


@pytest.fixture
def repo_id() -> str:
    """The address of a Space that no other scenario uses."""
    return f"local/space-{next(_numbers)}"
