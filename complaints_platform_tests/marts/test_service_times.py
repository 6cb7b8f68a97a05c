from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from complaints_platform.errors import SettingsError
from complaints_platform.marts.business_time import BusinessCalendar, WorkingHours
from complaints_platform.marts.definition import MartRules, TimesSent
from complaints_platform.marts.service_times import INPUT_COLUMNS, service_times
from complaints_platform.marts.targets import PACKAGED_TARGETS, Targets, load_targets

FRIDAY = datetime(2026, 3, 13, 15, tzinfo=UTC)
CALENDAR = BusinessCalendar("Africa/Lagos", WorkingHours.parse("Mon-Fri 09:00-17:00"))
TIMES = {
    "desk": TimesSent(first_response=True, resolution=True),
    "web": TimesSent(first_response=True, resolution=False),
}
SCHEMA = dict.fromkeys(INPUT_COLUMNS, pl.String) | {
    "day": pl.Date,
    **dict.fromkeys(["occurred_at", "first_response_at", "resolved_at"], pl.Datetime("us", "UTC")),
}


def complaint(name, **fields):
    known = {"occurred_at": FRIDAY, "source": "desk", "channel": "phone", "category": "billing", "outcome": "complaint"}
    row = dict.fromkeys(INPUT_COLUMNS) | known | {"complaint_id": name} | fields
    return row | {"day": row["occurred_at"].date()}


def targets(tmp_path, text):
    file = tmp_path / f"{len(text)}.yaml"
    file.write_text(text)
    return load_targets(file)


def times(*rows, rules=None):
    frame = pl.DataFrame(list(rows), schema=SCHEMA, orient="row")
    mart = service_times(frame, rules or MartRules(TIMES, CALENDAR, load_targets(PACKAGED_TARGETS)))
    return {row["complaint_id"]: row for row in mart.iter_rows(named=True)}


def test_an_answer_after_the_weekend_took_days_but_few_working_hours():
    """Friday 16:00 in Lagos to Monday 10:30: an hour on Friday, one and a half on Monday."""
    row = times(complaint("a", first_response_at=FRIDAY + timedelta(days=2, hours=18, minutes=30)))["a"]
    assert row["first_response_minutes"] == 66.5 * 60
    assert row["first_response_business_minutes"] == 2.5 * 60
    assert (row["first_response_target_minutes"], row["first_response_clock"]) == (16 * 60, "business")
    # 1 hour on Friday, 8 on Monday, 7 on Tuesday.
    assert row["first_response_due_at"] == datetime(2026, 3, 17, 15, tzinfo=UTC)
    assert row["first_response_timely"]
    assert row["resolution_timely"] is None
    assert row["resolution_due_at"] == datetime(2026, 3, 27, 15, tzinfo=UTC)


def test_the_last_moment_is_in_time_and_the_one_after_is_not():
    due = datetime(2026, 3, 17, 15, tzinfo=UTC)
    rows = times(
        complaint("in time", first_response_at=due),
        complaint("late", first_response_at=due + timedelta(microseconds=1)),
    )
    assert (rows["in time"]["first_response_timely"], rows["late"]["first_response_timely"]) == (True, False)


def test_what_a_source_never_tells_is_never_due_and_never_open():
    rows = times(complaint("a", source="web"), complaint("b", source="sms"), complaint("c", outcome="duplicate"))
    assert rows.keys() == {"a"}
    assert rows["a"]["first_response_due_at"] is not None
    assert rows["a"]["resolution_due_at"] is None
    assert rows["a"]["backlog_from"] is None


def test_open_is_what_is_not_resolved_and_not_called_closed():
    late = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
    rows = times(
        complaint("open", status="in progress"),
        complaint("closed at some time", status="closed"),
        complaint("resolved", status="closed", occurred_at=late, resolved_at=late + timedelta(hours=1)),
    )
    local = date(2026, 3, 14)
    assert (rows["open"]["backlog_from"], rows["open"]["resolved_day"]) == (date(2026, 3, 13), None)
    assert rows["closed at some time"]["backlog_from"] is None
    assert (rows["resolved"]["local_day"], rows["resolved"]["backlog_from"], rows["resolved"]["resolved_day"]) == (
        local,
        local,
        local,
    )


CHANGED = """
targets:
  - {measure: first_response, valid_from: 2026-03-14, clock: calendar, hours: 1}
  - {measure: first_response, valid_from: 2000-01-01, clock: calendar, hours: 24}
  - {measure: first_response, valid_from: 2026-01-01, clock: calendar, hours: 4, channels: [phone], segments: [vip]}
  - {measure: first_response, valid_from: 2026-01-01, clock: calendar, hours: 12, channels: [phone]}
"""


def test_a_target_counts_for_what_was_made_while_it_was_in_force(tmp_path):
    rules = MartRules(TIMES, CALENDAR, targets(tmp_path, CHANGED))
    # 23:30 UTC on Friday is Saturday in Lagos, where the new target holds already.
    saturday = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
    rows = times(
        complaint("old", channel="mail"),
        complaint("new", channel="mail", occurred_at=saturday),
        complaint("channel", occurred_at=saturday),
        complaint("both", occurred_at=saturday, segment="vip"),
        rules=rules,
    )
    hours = {name: row["first_response_target_minutes"] / 60 for name, row in rows.items()}
    assert hours == {"old": 24, "new": 1, "channel": 12, "both": 4}
    assert rows["old"]["first_response_due_at"] == FRIDAY + timedelta(hours=24)
    assert rows["old"]["resolution_target_minutes"] is None


def test_a_target_that_is_yet_to_come_is_no_part_of_a_day(tmp_path):
    changed = targets(tmp_path, CHANGED)
    assert len(changed.until(date(2026, 3, 13))) == 3
    assert changed.until(date(2026, 3, 14)) == changed.targets


def test_without_targets_nothing_is_timely_or_late():
    row = times(complaint("a", resolved_at=FRIDAY), rules=MartRules(TIMES, CALENDAR, Targets(())))["a"]
    assert (row["resolution_minutes"], row["resolution_timely"], row["resolution_due_at"]) == (0, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "targets: [{measure: joy, valid_from: 2026-01-01, clock: calendar, hours: 1}]",
        "targets: [{measure: resolution, valid_from: 2026-01-01, clock: calendar, hours: 0}]",
        "targets: [{measure: resolution, valid_from: 2026-01-01, clock: calendar, hours: 1, colour: red}]",
        "{",
    ],
)
def test_targets_that_make_no_sense_are_refused(tmp_path, text):
    with pytest.raises(SettingsError, match=r"\.yaml"):
        targets(tmp_path, text)
