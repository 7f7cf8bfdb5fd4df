"""What is left of an account's quota, from headers and from the other replicas."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from spaceport import clock
from spaceport.hub import BudgetSpent
from spaceport.hub.budget import IN_FLIGHT, Budgets, Meter, Window

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Memory:
    """A store as two replicas share it."""

    def __init__(self) -> None:
        self.windows: dict[str, Window] = {}
        self.writes = 0

    def read(self, account_id):
        return self.windows.get(account_id)

    def write(self, account_id, window):
        self.writes += 1
        self.windows[account_id] = window.merged(self.windows.get(account_id))


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """Hold the clock; call it to move on by seconds."""
    moment = [NOW]
    monkeypatch.setattr(clock, "now", lambda: moment[0])

    def advance(seconds: float) -> None:
        moment[0] += timedelta(seconds=seconds)

    return advance


@pytest.fixture
def store():
    return Memory()


def headers(remaining: int, seconds: int = 100, quota: int = 1000, bucket: str = "api") -> dict[str, str]:
    return {
        "RateLimit": f'"{bucket}";r={remaining};t={seconds}',
        "RateLimit-Policy": f'"fixed window";"{bucket}";q={quota};w=300',
    }


def window(remaining: int, seconds: float = 100) -> Window:
    return Window(1000, remaining, NOW + timedelta(seconds=seconds), 300)


def test_the_headers_say_what_is_left_and_until_when():
    assert Window.parse(headers(489, 55), NOW) == Window(1000, 489, NOW + timedelta(seconds=55), 300)


@pytest.mark.parametrize(
    "said",
    [
        {},
        headers(5, bucket="resolvers"),
        {"RateLimit": '"api";r=5;t=5'},
        {"RateLimit": "garbage", "RateLimit-Policy": "x"},
    ],
)
def test_headers_of_another_bucket_or_none_say_nothing(said):
    assert Window.parse(said, NOW) is None


def test_within_a_window_the_lowest_count_wins_however_late_it_comes():
    assert window(7).merged(window(5, seconds=101)).remaining == 5
    assert window(5).merged(window(7)).remaining == 5


def test_a_new_window_replaces_the_old_and_a_late_answer_of_the_old_changes_nothing():
    assert window(999, seconds=300).merged(window(3, seconds=0)).remaining == 999
    assert window(3, seconds=0).merged(window(999, seconds=300)).remaining == 999


def test_nothing_is_refused_before_the_hub_has_said_anything(store):
    Meter("hub_1", store).admit()


def test_calls_are_refused_until_the_window_ends_once_nothing_is_left(store, at):
    meter = Meter("hub_1", store)
    meter.observe(headers(2, seconds=40))
    meter.admit()
    meter.admit()
    at(10)

    with pytest.raises(BudgetSpent) as refusal:
        meter.admit()

    assert (refusal.value.code, refusal.value.transient, refusal.value.retry_after) == ("hub_rate_limited", True, 30)
    at(31)
    meter.admit()


def test_background_work_stops_while_deployments_still_have_a_quarter(store):
    meter = Meter("hub_1", store)
    meter.observe(headers(250))
    meter.give_way()
    meter.admit()

    with pytest.raises(BudgetSpent):
        meter.give_way()
    meter.admit()


def test_a_replica_knows_what_another_one_has_used(store):
    Meter("hub_1", store).observe(headers(0))

    with pytest.raises(BudgetSpent):
        Meter("hub_1", store).admit()
    Meter("hub_2", store).admit()


def test_answers_are_told_to_the_others_about_once_a_second_but_at_once_when_little_is_left(store):
    meter = Meter("hub_1", store)
    for remaining in range(999, 900, -1):
        meter.observe(headers(remaining))
    assert store.writes == 1

    meter.observe(headers(40))
    meter.observe(headers(39))
    assert (store.writes, store.windows["hub_1"].remaining) == (3, 39)


def test_a_burst_has_only_so_many_calls_in_flight(store):
    meter = Budgets(store).of("hub_1")
    inside, most, release = [], [], threading.Event()
    full = threading.Semaphore(0)

    def one() -> None:
        with meter.call():
            inside.append(1)
            most.append(len(inside))
            full.release()
            release.wait(10)
            inside.pop()

    threads = [threading.Thread(target=one) for _ in range(IN_FLIGHT * 2)]
    for thread in threads:
        thread.start()
    for _ in range(IN_FLIGHT):
        assert full.acquire(timeout=10)
    assert not full.acquire(timeout=0.05)
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(most) == IN_FLIGHT * 2
    assert max(most) <= IN_FLIGHT
