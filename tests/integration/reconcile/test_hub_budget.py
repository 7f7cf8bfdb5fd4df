"""Calls to a Hub that counts: what is left is known, shown and kept to."""

import tempfile
from pathlib import Path

import pytest
from tests.integration.reconcile.conftest import Bench
from tests.localhub_server import LocalHub

from spaceport.hub import BudgetSpent, HubFailure
from spaceport.hub_accounts import budget
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubBudget

QUOTA = 20


@pytest.fixture
def strict(database, tmp_path):
    """A bench whose Hub allows 20 calls in an hour."""
    with tempfile.TemporaryDirectory(prefix="budget-hub-") as folder:
        server = LocalHub(Path(folder), "--api-quota", str(QUOTA), "--rate-window", "3600")
        yield Bench(database, server, tmp_path)
        server.stop()


def connect(bench):
    with bench.database.unit_of_work() as session:
        return hub_accounts.connect(session, bench.instance, bench.account.id)


def shown(bench):
    with bench.database.unit_of_work() as session:
        [account] = budget.public(session, [bench.account])
    return account.budget


def api_calls(bench):
    return [call for call in bench.hub.calls() if call["path"].startswith("/api/")]


def test_every_call_is_counted_and_shown(strict):
    assert shown(strict) is None
    hub = connect(strict)

    for _ in range(3):
        hub.whoami()

    found = shown(strict)
    assert (found.quota, found.used + found.remaining) == (QUOTA, QUOTA)
    assert 1 <= found.used <= 3
    assert found.resets_at is not None


def test_when_nothing_is_left_the_hub_is_not_even_asked(strict):
    hub = connect(strict)
    for _ in range(QUOTA):
        hub.whoami()

    with pytest.raises(BudgetSpent) as refusal:
        hub.whoami()

    assert refusal.value.transient
    assert 0 < refusal.value.retry_after <= 3601
    assert [call["status"] for call in api_calls(strict)] == [200] * QUOTA
    assert shown(strict).remaining == 0


def test_another_replica_keeps_to_what_the_first_one_has_used_up(strict, tmp_path):
    hub = connect(strict)
    for _ in range(QUOTA):
        hub.whoami()
    other = strict.replica(tmp_path)

    with pytest.raises(BudgetSpent):
        connect(other).whoami()
    assert len(api_calls(strict)) == QUOTA


def test_a_refusal_by_the_hub_itself_comes_back_at_once_instead_of_sleeping_in_the_library(strict):
    hub = connect(strict)
    strict.hub.fault(status=429, headers={"Retry-After": "200"}, count=None)

    with pytest.raises(HubFailure) as refusal:
        hub.listed("local")

    assert (refusal.value.status, refusal.value.transient, refusal.value.retry_after) == (429, True, 200)
    assert len(api_calls(strict)) == 1


def test_calls_that_the_library_makes_in_threads_of_its_own_are_counted_too(strict, tmp_path):
    strict.hub.api().create_repo("local/many", repo_type="space", space_sdk="static")
    hub = connect(strict)
    hub.head("local/many")
    before = strict.instance.budgets.of(strict.account.id)._window.remaining

    hub.download("local/many", hub.sizes("local/many", None)[0], tmp_path / "copy")

    used = before - strict.instance.budgets.of(strict.account.id)._window.remaining
    assert used == len(api_calls(strict)) - 2


def test_removing_an_account_forgets_its_budget(strict):
    connect(strict).whoami()

    with strict.database.unit_of_work() as session:
        session.delete(session.get_one(type(strict.account), strict.account.id))
    late = strict.instance.budgets.of(strict.account.id)
    late.observe({"RateLimit": '"api";r=1;t=9', "RateLimit-Policy": '"fixed window";"api";q=20;w=3600'})

    with strict.database.unit_of_work() as session:
        assert session.get(HubBudget, strict.account.id) is None
