"""What the REST door shows of drift and of a Hub account's budget, and to whom."""

from datetime import timedelta

import pytest

from spaceport import clock
from spaceport.hub_accounts.model import HubAccount, HubBudget
from spaceport.runtime.model import Observation
from spaceport.spaces.model import Sdk, Space, Visibility

DRIFT = [{"field": "visibility", "expected": "private", "observed": "public"}]


@pytest.fixture
def ada(sign_up):
    return sign_up("ada")


@pytest.fixture
def account(database, ada):
    account = HubAccount(
        team_id=ada.personal_team_id,
        endpoint="https://hub.example",
        origin="stored",
        name="ada",
        plan="free",
        token_role="write",
    )
    with database.unit_of_work() as session:
        session.add(account)
    return account


@pytest.fixture
def space(database, ada, account):
    space = Space(
        team_id=ada.personal_team_id,
        hub_account_id=account.id,
        endpoint=account.endpoint,
        owner="ada",
        name="demo",
        sdk=Sdk.STATIC,
        visibility=Visibility.PRIVATE,
    )
    with database.unit_of_work() as session:
        session.add(space)
    return space


def test_a_space_that_nobody_looked_at_yet_has_no_drift(ada, space):
    shown = ada.get("/api/v1/spaces/ada/demo/drift").json()
    assert shown == {"drifted": False, "since": None, "observed_at": None, "differences": []}


def test_drift_is_shown_as_what_was_expected_and_what_is_there(ada, space, database):
    with database.unit_of_work() as session:
        mine = session.get_one(Space, space.id)
        mine.drift, mine.drifted_at = DRIFT, clock.now()
        session.add(Observation(space_id=space.id, observed_at=clock.now(), listed_at=clock.now()))

    shown = ada.get("/api/v1/spaces/ada/demo/drift").json()

    assert (shown["drifted"], shown["differences"]) == (True, DRIFT)
    assert shown["since"] <= shown["observed_at"]


def test_another_teams_drift_is_not_shown(sign_up, space):
    refused = sign_up("bob").get("/api/v1/spaces/ada/demo/drift")
    assert (refused.status_code, refused.json()["code"]) == (404, "space_not_found")


def test_a_budget_is_null_then_what_is_used_and_renewed_when_its_window_has_ended(ada, account, database):
    path = f"/api/v1/hub-accounts/{account.id}"
    assert ada.get(path).json()["budget"] is None

    resets_at = clock.now() + timedelta(seconds=100)
    with database.unit_of_work() as session:
        session.add(
            HubBudget(
                hub_account_id=account.id, quota=1000, remaining=600, window_ends_at=resets_at, window_seconds=300
            )
        )
    budget = ada.get(path).json()["budget"]
    assert (budget["quota"], budget["used"], budget["remaining"]) == (1000, 400, 600)
    assert budget["resets_at"] is not None

    with database.unit_of_work() as session:
        session.get_one(HubBudget, account.id).window_ends_at = clock.now() - timedelta(seconds=1)
    assert ada.get(path).json()["budget"] == {"quota": 1000, "used": 0, "remaining": 1000, "resets_at": None}
