from datetime import date, timedelta
from types import MappingProxyType

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.marts.complaint_trends import LOOK_BACK_DAYS, complaint_trends, periods
from complaints_platform_tests.frames import daily_rows

SUNDAY = date(2026, 3, 15)


def daily(rows, models=MappingProxyType({})):
    columns = ["day", "region", "category", "complaints"]
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return daily_rows(*(row | {"model_version": models.get(row["day"], "m1")} for row in named))


def trend(day, rows, period, models=MappingProxyType({}), zone="UTC"):
    frame = complaint_trends(day, daily(rows, models), zone).filter(pl.col("period") == period)
    return {(row["region"], row["category"]): row for row in frame.iter_rows(named=True)}


def test_a_day_is_compared_with_the_day_before():
    rows = [(SUNDAY, "north", "billing", 6), (SUNDAY - timedelta(days=1), "north", "billing", 4)]
    row = trend(SUNDAY, rows, "day")["north", "billing"]
    assert (row["complaints"], row["previous"], row["change"], row["change_ratio"]) == (6, 4, 2, 0.5)
    assert row["complete"]


def test_days_are_those_of_the_reporting_zone_that_are_over():
    """When a UTC day ends, it is past midnight in Lagos, and evening in New York."""
    rows = [(SUNDAY - timedelta(days=back), "north", "billing", 10 + back) for back in range(9)]
    lagos, new_york = (trend(SUNDAY, rows, "week", zone=zone) for zone in ("Africa/Lagos", "America/New_York"))
    row = lagos["north", "billing"]
    assert (row["local_day"], row["complaints"], row["complete"]) == (SUNDAY, sum(range(10, 17)), True)
    row = new_york["north", "billing"]
    assert (row["day"], row["local_day"], row["complete"]) == (SUNDAY, SUNDAY - timedelta(days=1), False)
    assert row["complaints"] == sum(range(11, 17))


def test_what_fell_to_zero_is_shown():
    row = trend(SUNDAY, [(SUNDAY - timedelta(days=1), "north", "billing", 4)], "day")["north", "billing"]
    assert (row["complaints"], row["previous"], row["change"]) == (0, 4, -4)


def test_what_is_new_has_no_ratio():
    row = trend(SUNDAY, [(SUNDAY, None, "billing", 4)], "day")[None, "billing"]
    assert (row["previous"], row["change_ratio"]) == (0, None)


def test_a_week_in_progress_is_compared_with_as_many_days():
    tuesday = SUNDAY - timedelta(days=5)
    rows = [(SUNDAY - timedelta(days=back), "north", "billing", 1) for back in range(20)]
    row = trend(tuesday, rows, "week")["north", "billing"]
    assert (row["complaints"], row["previous"], row["complete"]) == (2, 2, False)
    assert trend(SUNDAY, rows, "week")["north", "billing"]["complaints"] == 7
    assert trend(SUNDAY, rows, "week")["north", "billing"]["complete"]


def test_a_complete_month_is_compared_with_the_whole_month_before():
    last = date(2026, 2, 28)
    rows = [(last - timedelta(days=back), "north", "billing", 1) for back in range(LOOK_BACK_DAYS + 1)]
    row = trend(last, rows, "month")["north", "billing"]
    assert (row["complaints"], row["previous"], row["complete"]) == (28, 31, True)


def test_the_thirtieth_of_march_is_compared_with_all_of_february():
    day = date(2026, 3, 30)
    (month,) = [window for window in periods(day) if window.period == "month"]
    assert (month.previous_start, month.previous_end) == (date(2026, 2, 1), date(2026, 2, 28))


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_windows_adjoin_and_stay_within_the_look_back(day):
    for window in periods(day):
        assert window.end == day
        assert window.start <= day
        assert window.previous_start <= window.previous_end < window.start
        assert (day - window.previous_start).days <= LOOK_BACK_DAYS
        if window.complete:
            assert window.previous_end == window.start - timedelta(days=1)


def test_days_that_different_models_categorised_are_flagged_where_they_are_compared():
    days = [SUNDAY - timedelta(days=back) for back in range(3)]
    rows = [(day, "north", "billing", 4) for day in days]
    models = {days[2]: "m0"}
    assert not trend(SUNDAY, rows, "day", models)["north", "billing"]["mixed_versions"]
    assert trend(SUNDAY, rows, "week", models)["north", "billing"]["mixed_versions"]
    assert trend(days[1], rows, "day", models)["north", "billing"]["mixed_versions"]
