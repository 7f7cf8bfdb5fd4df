"""What holds a deployment back: locks, freeze windows, approval."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from spaceport.errors import Conflict
from spaceport.spaces import gates
from spaceport.spaces.deploy_rules import FreezeWindow, Lock, Rules

FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
WEEKEND = FreezeWindow(cron="0 17 * * FRI", duration_minutes=60 * 62, timezone="Europe/Berlin", reason="weekend")


def frozen(*windows: FreezeWindow, at: datetime = FRIDAY) -> datetime | None:
    return gates.frozen_until(Rules(freeze_windows=list(windows)), at)


def test_a_window_holds_from_its_minute_to_its_end_in_its_own_time_zone():
    monday_morning = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert frozen(WEEKEND, at=FRIDAY - timedelta(seconds=1)) is None
    assert frozen(WEEKEND, at=FRIDAY) == monday_morning
    assert frozen(WEEKEND, at=monday_morning - timedelta(seconds=1)) == monday_morning
    assert frozen(WEEKEND, at=monday_morning) is None


def moments(window: FreezeWindow, begin: datetime, hours: int) -> list[str]:
    """When the freeze begins and ends, in UTC, to five minutes."""
    found, held = [], False
    for step in range(hours * 12):
        at = begin + timedelta(minutes=5 * step)
        if (frozen(window, at=at) is not None) != held:
            held = not held
            found.append(f"{at:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("window", "begin", "expected"),
    [
        # The weekends on which the clocks of Berlin go forward and back.
        (WEEKEND, datetime(2026, 3, 27, tzinfo=UTC), ["27 16:00", "30 05:00"]),
        (WEEKEND, datetime(2026, 10, 23, tzinfo=UTC), ["23 15:00", "26 06:00"]),
    ],
)
def test_a_window_ends_by_the_clocks_of_its_time_zone_also_where_they_change(window, begin, expected):
    assert moments(window, begin, 96) == expected


@pytest.mark.parametrize(
    ("cron", "zone", "begin", "expected"),
    [
        # An hour that comes twice: 02:00 to 03:00 in Berlin.
        ("30 * * * *", "Europe/Berlin", datetime(2026, 10, 24, 23, 0, tzinfo=UTC), [23, 0, 1, 2]),
        # One that does not come: 02:00 to 03:00 in Berlin.
        ("30 * * * *", "Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), [23, 0, 1, 2]),
        ("30 * * * *", "America/New_York", datetime(2026, 11, 1, 4, 0, tzinfo=UTC), [4, 5, 6, 7]),
    ],
)
def test_a_window_of_every_hour_holds_in_each_hour_that_there_is(cron, zone, begin, expected):
    window = FreezeWindow(cron=cron, duration_minutes=20, timezone=zone)
    day = int(f"{begin:%d}")
    hours = [(f"{day + (hour < begin.hour):02} {hour:02}") for hour in expected]
    assert moments(window, begin, 4) == [f"{hour}:{minute}" for hour in hours for minute in (30, 50)]


def test_of_windows_that_overlap_the_last_end_counts():
    lunch = FreezeWindow(cron="30 15 * * *", duration_minutes=60)
    assert frozen(lunch) == FRIDAY + timedelta(minutes=30)
    assert frozen(lunch, WEEKEND) == frozen(WEEKEND)


def test_a_window_longer_than_its_interval_never_opens():
    always = FreezeWindow(cron="0 * * * *", duration_minutes=90)
    assert all(frozen(always, at=FRIDAY + timedelta(minutes=minutes)) for minutes in range(0, 180, 7))


def test_approval_comes_before_the_freeze_and_the_freeze_before_the_slot():
    both = Rules(approval=True, freeze_windows=[WEEKEND])
    assert gates.first(both, FRIDAY) == "approval"
    assert gates.first(both, FRIDAY, approved=True) == "freeze"
    assert gates.first(both, FRIDAY - timedelta(days=1), approved=True) == "slot"


def test_a_lock_refuses_with_its_reason_until_it_expires():
    rules = Rules(lock=Lock(reason="the fair is on", expires_at=FRIDAY))
    with pytest.raises(Conflict, match="acme/demo is locked until 2026-11-20 16:00 UTC: the fair is on") as caught:
        gates.require_unlocked(rules, FRIDAY - timedelta(minutes=1), "acme/demo")
    assert caught.value.code == "space_locked"
    gates.require_unlocked(rules, FRIDAY, "acme/demo")


@pytest.mark.parametrize(
    "window",
    [
        {"cron": "every day", "duration_minutes": 5},
        {"cron": "0 0 30 2 *", "duration_minutes": 5},
        {"cron": "* * * * * *", "duration_minutes": 5},
        {"cron": "R R * * *", "duration_minutes": 5},
        {"cron": "r(0-10) * * * *", "duration_minutes": 5},
        {"cron": "0 0 * * *", "duration_minutes": 0},
        {"cron": "0 0 * * *", "duration_minutes": 5, "timezone": "Mars/Olympus"},
        {"cron": "0 0 * * *", "duration_minutes": 5, "timezone": "../../etc/passwd"},
        {"cron": "0 0 * * *", "duration_minutes": 5, "unknown": 1},
    ],
)
def test_windows_that_mean_nothing_are_refused(window):
    with pytest.raises(ValidationError):
        FreezeWindow.model_validate(window)
