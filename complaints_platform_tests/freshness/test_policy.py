"""When what is stale is due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from complaints_platform.freshness.policy import Policy, days_to_close

LAGOS = ZoneInfo("Africa/Lagos")
zones = st.sampled_from(["UTC", "Africa/Lagos", "Europe/Berlin", "America/New_York", "Pacific/Auckland"]).map(ZoneInfo)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # zone is given
DAY, OTHER = date(2026, 3, 10), date(2026, 3, 11)
STALE, SAME = {"mart/daily_complaints": [DAY, OTHER]}, {"mart/daily_complaints": [DAY]}


@pytest.mark.parametrize(
    ("changes", "hour", "due"),
    [
        ("at_once", 12, [DAY, OTHER]),
        ("at_night", 12, [OTHER]),
        ("at_night", 23, [DAY, OTHER]),
        ("at_night", 3, [DAY, OTHER]),
        ("at_night", 5, [OTHER]),
        ("by_hand", 23, [OTHER]),
    ],
)
def test_new_data_is_due_at_once_and_a_new_way_of_making_the_same_as_wanted(changes, hour, due):
    now = datetime(2026, 3, 12, hour, tzinfo=LAGOS)
    assert Policy(changes, (22, 5), LAGOS).due(STALE, SAME, now) == {"mart/daily_complaints": due}


def test_tables_that_can_not_be_made_yet_are_not_due():
    policy = Policy("at_once", (22, 5), LAGOS)
    assert policy.due(STALE, SAME, datetime(2026, 3, 12, tzinfo=UTC), ["mart/daily_complaints"]) == {}


@given(zones, st.integers(0, 23), st.integers(0, 23), instants)
def test_it_is_night_for_just_the_hours_said_in_the_companys_time(zone, first, end, now):
    assume(first != end)
    night = {(first + number) % 24 for number in range((end - first) % 24)}
    assert Policy("at_night", (first, end), zone).changes_are_due(now) == (now.astimezone(zone).hour in night)


@given(zones, instants)
def test_the_days_that_are_closed_are_those_of_the_companys_yesterday(zone, now):
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    closed = days_to_close(now, zone)
    # Every quarter of an hour of the two days around it, seen from UTC.
    moments = [
        datetime.combine(yesterday - timedelta(days=1), datetime.min.time(), UTC) + timedelta(minutes=15 * n)
        for n in range(288)
    ]
    assert closed == sorted({each.date() for each in moments if each.astimezone(zone).date() == yesterday})
