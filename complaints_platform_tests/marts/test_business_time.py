"""Business time against counting minutes one by one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.errors import SettingsError
from complaints_platform.marts.business_time import BusinessCalendar, WorkingHours

OFFICE = "Mon-Fri 09:00-17:00, Sat 10:00-13:30"
CALENDARS = [
    BusinessCalendar("Africa/Lagos", WorkingHours.parse(OFFICE), "NG"),
    BusinessCalendar("Europe/Berlin", WorkingHours.parse("Mon-Sun 00:00-24:00")),
    BusinessCalendar("Europe/London", WorkingHours.parse("Sun 01:15-03:45, Mon-Tue 22:00-24:00"), "GB-ENG"),
    BusinessCalendar("Pacific/Auckland", WorkingHours.parse(OFFICE), "NZ"),
]
NEW_YEAR = {
    "NG": {date(2026, 1, 1)},
    "GB-ENG": {date(2026, 1, 1)},
    "NZ": {date(2026, 1, 1), date(2026, 1, 2)},
    "": set(),
}
# Around New Year, and around the nights in which Europe's clocks change.
STARTS = st.sampled_from([datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 3, 27, tzinfo=UTC)])
MINUTES = st.integers(0, 4 * 24 * 60)


def works(calendar, instant):
    local = instant.astimezone(ZoneInfo(calendar.zone))
    hours = calendar.hours.of_weekday[local.weekday()]
    minute = local.hour * 60 + local.minute
    return hours is not None and hours[0] <= minute < hours[1] and local.date() not in NEW_YEAR[calendar.holidays]


def times(*values):
    return pl.Series(values, dtype=pl.Datetime("us", "UTC"))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CALENDARS), STARTS, MINUTES, MINUTES)
def test_minutes_are_those_that_one_would_count(calendar, base, first, second):
    begin, end = (base + timedelta(minutes=minutes) for minutes in sorted((first, second)))
    span = int((end - begin).total_seconds() // 60)
    counted = sum(works(calendar, begin + timedelta(minutes=minute)) for minute in range(span))
    assert calendar.minutes_between(times(begin, None), times(end, end)).to_list() == [counted, None]
    assert calendar.minutes_between(times(end), times(begin)).to_list() == [0]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CALENDARS), STARTS, MINUTES, st.integers(1, 6000))
def test_a_deadline_is_the_end_of_so_many_working_minutes(calendar, base, offset, minutes):
    begin = base + timedelta(minutes=offset)
    (due, unknown) = calendar.after(times(begin, begin), pl.Series([float(minutes), None])).to_list()
    assert unknown is None
    assert calendar.minutes_between(times(begin), times(due)).to_list() == [minutes]
    assert works(calendar, due - timedelta(minutes=1))


def test_a_working_day_has_its_hours_also_where_the_clocks_change():
    calendar = BusinessCalendar("Europe/Berlin", WorkingHours.parse("Sun 09:00-17:00"))
    saturday, monday = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert calendar.minutes_between(times(saturday), times(monday)).to_list() == [8 * 60]


def test_working_time_that_never_comes_has_no_deadline():
    calendar = BusinessCalendar("UTC", WorkingHours.parse("Sun 09:00-09:01"))
    assert calendar.after(times(datetime(2026, 3, 1, tzinfo=UTC)), pl.Series([1000.0])).to_list() == [None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9-17",
        "Mon-Fri 17:00-09:00",
        "Mon-Fri 09:00-17:00, Wed 10:00-11:00",
        "Fri-Mon 09:00-17:00",
        "Mo 09:00-17:00",
        "Mon 09:00-25:00",
    ],
)
def test_hours_that_make_no_sense_are_refused(text):
    with pytest.raises(SettingsError, match="COMPLAINTS_BUSINESS_HOURS"):
        WorkingHours.parse(text)


@pytest.mark.parametrize("country", ["XX", "DE-XX"])
def test_holidays_of_nowhere_are_refused(country):
    calendar = BusinessCalendar("UTC", WorkingHours.parse(OFFICE), country)
    with pytest.raises(SettingsError, match=f"COMPLAINTS_HOLIDAYS: '{country}'"):
        calendar.minutes_between(times(datetime(2026, 3, 1, tzinfo=UTC)), times(datetime(2026, 3, 2, tzinfo=UTC)))


def test_new_year_east_of_utc_is_free_though_the_year_in_utc_is_not_over():
    calendar = BusinessCalendar("Pacific/Auckland", WorkingHours.parse("Mon-Fri 09:00-17:00"), "NZ")
    begin, end = datetime(2025, 12, 30, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert calendar.minutes_between(times(begin), times(end)).to_list() == [240 + 480]
