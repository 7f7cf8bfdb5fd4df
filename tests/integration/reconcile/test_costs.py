"""Counting what the Hub bills for, from one look at a Space to the next."""

from datetime import datetime, timedelta

import pytest

from spaceport import clock
from spaceport.costs import forecast, queries, tiers
from spaceport.costs.model import CostForecast, SpaceCost
from spaceport.errors import SpaceportError
from spaceport.hub import Head, Runtime
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.reconcile import observations
from spaceport.spaces.model import Sdk
from spaceport.spaces.settings import SettingsUpdate

MINUTE = timedelta(minutes=1)


@pytest.fixture
def noon(monkeypatch) -> datetime:
    """The clock stands at noon in the middle of a month, and the spaces are a week old and more."""
    noon = clock.now().replace(day=15, hour=12, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: noon)
    return noon


@pytest.fixture
def watched(bench, noon):
    """A docker Space on t4-small whose looks a test makes up, and the prices of the local Hub."""
    space = bench.row("costly", sdk=Sdk.DOCKER, created_at=noon - timedelta(days=30))
    with bench.database.unit_of_work() as session:
        tiers.replace(session, bench.hub.url, hub_of(bench).hardware())
    return Watched(bench, space)


def hub_of(bench):
    with bench.database.unit_of_work() as session:
        return hub_accounts.connect(session, bench.instance, bench.account.id)


class Watched:
    def __init__(self, bench, space) -> None:
        self.bench, self.space = bench, space

    def look(self, at: datetime, stage: str, hardware: str = "t4-small", replicas: int | None = None) -> None:
        counted = {"replicas": {"current": replicas, "requested": "auto"}}
        runtime = Runtime(stage, hardware=hardware, requested_hardware=hardware, **counted)
        head = Head(self.space.repo_id, "a" * 40, "docker", False, None, None, runtime)
        with self.bench.database.unit_of_work() as session:
            observations.store(session, [self.space], {self.space.repo_id.lower(): head}, at)

    def change(self, **wanted: object) -> CostForecast:
        with self.bench.database.unit_of_work() as session:
            known = tiers.stored(session, self.bench.hub.url)
            return queries.of_change(session, self.space, known, SettingsUpdate(**wanted))

    def cost(self) -> SpaceCost:
        with self.bench.database.unit_of_work() as session:
            return queries.of_space(session, self.space)


@pytest.mark.parametrize("stage", ["RUNNING", "RUNNING_BUILDING", "APP_STARTING", "RUNNING_APP_STARTING"])
def test_minutes_of_starting_and_running_are_billed(watched, noon, stage):
    watched.look(noon - 3 * MINUTE, stage)
    watched.look(noon - 2 * MINUTE, stage)
    watched.look(noon, stage)

    cost = watched.cost()
    assert (cost.month.minutes_to_date, cost.month.usd_to_date) == (3, 0.02)
    assert (cost.hardware, cost.usd_per_hour, cost.observed_at) == ("t4-small", 0.4, noon)
    [usage] = cost.by_hardware
    assert (usage.hardware, usage.minutes, usage.usd) == ("t4-small", 3, 0.02)


@pytest.mark.parametrize("stage", ["BUILDING", "PAUSED", "SLEEPING", "STOPPED", "BUILD_ERROR", "RUNTIME_ERROR"])
def test_builds_pauses_and_errors_are_free(watched, noon, stage):
    watched.look(noon - 2 * MINUTE, stage)
    watched.look(noon, stage)

    assert watched.cost().month.minutes_to_date == 0


def test_a_change_of_hardware_is_billed_from_the_look_that_saw_it(watched, noon):
    watched.look(noon - 3 * MINUTE, "RUNNING", "t4-small")
    watched.look(noon - 2 * MINUTE, "RUNNING", "l4x1")
    watched.look(noon, "PAUSED", "l4x1")

    minutes = {usage.hardware: usage.minutes for usage in watched.cost().by_hardware}
    assert minutes == {"t4-small": 1, "l4x1": 2}


def test_every_replica_is_billed_and_one_that_starts_already_is(watched, noon):
    watched.look(noon - 3 * MINUTE, "APP_STARTING", replicas=0)
    watched.look(noon - 2 * MINUTE, "RUNNING", replicas=3)
    watched.look(noon, "RUNNING", replicas=3)

    cost = watched.cost()
    assert cost.month.minutes_to_date == 1 + 2 * 3
    assert cost.usd_per_hour == pytest.approx(1.2, rel=0.001)


def test_time_that_nobody_looked_is_told_and_not_billed(watched, noon):
    watched.look(noon - 2 * timedelta(hours=1), "RUNNING")
    watched.look(noon, "RUNNING")

    month = watched.cost().month
    assert (month.usd_to_date, month.minutes_to_date, month.unobserved_minutes) == (0, 0, 120)


def test_a_look_that_is_late_counts_nothing_twice(watched, noon):
    watched.look(noon - 2 * MINUTE, "RUNNING")
    watched.look(noon, "RUNNING")
    watched.look(noon - MINUTE, "RUNNING")
    watched.look(noon, "RUNNING")

    assert watched.cost().month.minutes_to_date == 2


def test_hardware_without_a_known_price_is_told_apart_from_free_hardware(watched, noon):
    watched.look(noon - 2 * MINUTE, "RUNNING", "brand-new")
    watched.look(noon, "RUNNING", "brand-new")

    cost = watched.cost()
    assert (cost.month.usd_to_date, cost.month.unpriced_minutes, cost.usd_per_hour) == (0, 2, None)
    watched.look(noon + MINUTE, "RUNNING", "cpu-basic")
    assert watched.cost().usd_per_hour == 0


def test_the_forecast_follows_how_much_of_the_week_it_ran(watched, noon):
    for hours in reversed(range(6 * 24)):
        at = noon - timedelta(hours=hours)
        watched.look(at - 6 * MINUTE, "RUNNING")
        watched.look(at, "PAUSED")

    cost = watched.cost()
    # Six minutes of every hour for six of seven days.
    assert cost.running_share == pytest.approx(0.1 * 6 / 7, abs=0.001)
    left = (forecast.month_start(noon + timedelta(days=20)) - noon) / timedelta(hours=1)
    rest = cost.month.usd_forecast - cost.month.usd_to_date
    assert rest == pytest.approx(left * 0.4 * 0.1 * 6 / 7, rel=0.01)
    assert cost.month.usd_forecast_always_running - cost.month.usd_to_date == pytest.approx(left * 0.4, rel=0.01)


def test_a_team_pays_for_all_its_spaces_and_for_those_deleted_this_month(watched, noon):
    watched.look(noon - 2 * MINUTE, "RUNNING")
    watched.look(noon, "RUNNING")
    with watched.bench.database.unit_of_work() as session:
        session.get_one(type(watched.space), watched.space.id).deleted_at = noon
    watched.bench.row("idle")

    with watched.bench.database.unit_of_work() as session:
        cost = queries.of_team(session, watched.bench.team.id)
    assert [(each.space, each.month.minutes_to_date) for each in cost.spaces] == [
        ("local/idle", 0),
        ("local/costly", 2),
    ]
    # What is gone costs nothing more.
    assert cost.month.usd_forecast == cost.month.usd_to_date == 0.0133


def test_a_change_of_hardware_is_forecast_before_it_is_made(watched, noon):
    watched.look(noon - MINUTE, "RUNNING")
    watched.look(noon, "RUNNING")

    change = watched.change(hardware="a10g-small")
    assert (change.hardware, change.usd_per_hour) == ("t4-small", 0.4)
    assert (change.new_hardware, change.new_usd_per_hour) == ("a10g-small", 1.0)
    assert change.new_month.usd_forecast_always_running > change.month.usd_forecast_always_running
    assert change.new_month.usd_to_date == change.month.usd_to_date
    twice = watched.change(replicas=2)
    assert (twice.new_hardware, twice.new_usd_per_hour) == ("t4-small", pytest.approx(0.8, rel=0.001))


@pytest.mark.parametrize(
    ("wanted", "code"), [({"sleep_time": 300}, "nothing_to_price"), ({"hardware": "abacus"}, "hardware_unknown")]
)
def test_what_has_no_price_is_not_forecast(watched, wanted, code):
    with pytest.raises(SpaceportError) as refused:
        watched.change(**wanted)
    assert refused.value.code == code


def test_a_sweep_asks_for_the_prices_it_needs_once_a_day(bench):
    bench.hub.api().create_repo("local/priced", repo_type="space", space_sdk="docker", exist_ok=True)
    bench.row("priced", sdk=Sdk.DOCKER)
    bench.hub.clear_calls()

    bench.sweep()
    bench.sweep()

    assert len([call for call in bench.hub.calls() if call["path"] == "/api/spaces/hardware"]) == 1
