"""What a month is going to cost."""

from datetime import UTC, datetime

import pytest

from spaceport.costs import forecast
from spaceport.costs.forecast import Pace, Spent

# Half of a month of 30 days.
MIDDLE = datetime(2026, 11, 16, tzinfo=UTC)
MINUTES_LEFT = 15 * 24 * 60


def test_a_month_in_which_nothing_runs_costs_nothing():
    month = forecast.month(Spent(), [Pace(6667, 0.0)], MIDDLE)

    assert (month.usd_to_date, month.usd_forecast) == (0, 0)
    assert month.usd_forecast_always_running == pytest.approx(144.0072)


def test_the_rest_of_the_month_is_taken_to_be_like_the_last_days():
    spent = Spent(seconds=3600, micro_usd=400_000)

    month = forecast.month(spent, [Pace(1000, 0.5), Pace(500, 1.0)], MIDDLE)

    assert month.usd_to_date == 0.4
    assert month.minutes_to_date == 60
    assert month.usd_forecast == pytest.approx(0.4 + MINUTES_LEFT * 1000 / 1e6)
    assert month.usd_forecast_always_running == pytest.approx(0.4 + MINUTES_LEFT * 1500 / 1e6)


def test_other_hardware_is_forecast_for_the_same_share_of_the_time():
    month = forecast.month(Spent(), [Pace(1000, 0.25).priced(4000)], MIDDLE)

    assert month.usd_forecast == pytest.approx(MINUTES_LEFT * 1000 / 1e6)


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 1),
        (datetime(2028, 2, 1, tzinfo=UTC), 29 * 24 * 60),
        (datetime(2026, 1, 31, tzinfo=UTC), 24 * 60),
    ],
)
def test_a_month_ends_where_the_calendar_says(now, minutes):
    assert forecast.month(Spent(), [Pace(1_000_000, 1.0)], now).usd_forecast == minutes


def test_time_without_a_price_or_without_a_look_is_told():
    month = forecast.month(Spent(unpriced_seconds=90, unobserved_seconds=600), [], MIDDLE)

    assert (month.unpriced_minutes, month.unobserved_minutes) == (1.5, 10)
