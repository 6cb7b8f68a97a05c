"""Incidents as they are shown, from rows as their mart has them."""

from datetime import UTC, date, datetime

import duckdb
import pytest

from complaints_platform.serving.answers import incidents
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.scope import Filters, Period
from complaints_platform.serving.store.warehouse import Snapshot

ALL = Filters({})
ROW = """(DATE '{day}', '{name}', TIMESTAMPTZ '2026-03-10 08:00Z', TIMESTAMPTZ '2026-03-10 10:00Z', {ended}, 'major',
    {observed}, 10.0, 30.0, 4.0, '["network_data"]', '["Lagos", "(none)"]', '["sms"]', {counted}, '["outage"]', '["a"]',
    '[["2026-03-10T08:00:00Z", 20, 5.5, 9.0]]', 'Four times as many.')"""


@pytest.fixture
def snapshot():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA mart")
    connection.execute(
        "CREATE TABLE mart.incidents (day DATE, incident_id VARCHAR, started_at TIMESTAMPTZ, peak_at TIMESTAMPTZ, "
        "ended_at TIMESTAMPTZ, severity VARCHAR, observed BIGINT, expected DOUBLE, excess DOUBLE, ratio DOUBLE, "
        "categories VARCHAR, regions VARCHAR, channels VARCHAR, counted VARCHAR, "
        "top_terms VARCHAR, sample_ids VARCHAR, series VARCHAR, "
        "explanation VARCHAR)"
    )
    cells = """'[["network_data", null, "sms"]]'"""
    ended = "TIMESTAMPTZ '2026-03-11 02:00Z'"
    rows = [
        ROW.format(day="2026-03-10", name="over", ended="NULL", observed=20, counted=cells),
        ROW.format(day="2026-03-11", name="over", ended=ended, observed=40, counted=cells),
        ROW.format(day="2026-03-11", name="open", ended="NULL", observed=30, counted="NULL"),
    ]
    connection.execute(f"INSERT INTO mart.incidents VALUES {', '.join(rows)}")  # noqa: S608
    return Snapshot(connection, None, "America/Los_Angeles")


def names(snapshot, period=None, filters=ALL, **more):
    return [incident.incident_id for incident in incidents.incidents_in(snapshot, period, filters, **more)]


def test_the_newest_row_is_the_incident(snapshot):
    shown, series = incidents.incident_named(snapshot, "over")
    assert (shown.observed, shown.open, shown.regions) == (40, False, ["Lagos", "(none)"])
    assert [(point.time, point.upper) for point in series] == [(datetime(2026, 3, 10, 8, tzinfo=UTC), 9.0)]
    with pytest.raises(RequestFailed, match="no incident nothing"):
        incidents.incident_named(snapshot, "nothing")


def test_incidents_are_found_by_days_state_and_where_they_show(snapshot):
    assert names(snapshot) == ["open", "over"]
    assert names(snapshot, is_open=True) == ["open"]
    assert names(snapshot, is_open=False) == ["over"]
    assert names(snapshot, Period(date(2026, 3, 12), date(2026, 3, 14))) == ["open"]
    assert names(snapshot, Period(date(2026, 3, 1), date(2026, 3, 9))) == []
    # 08:00 UTC is one o'clock of that day in Los Angeles, 02:00 UTC of the 11th still the 10th
    assert names(snapshot, Period(date(2026, 3, 11), date(2026, 3, 11))) == ["open"]
    assert names(snapshot, filters=Filters({"region": (None,)})) == ["open", "over"]
    assert names(snapshot, filters=Filters({"region": ("Abuja",)})) == []
    assert names(snapshot, filters=Filters({"product": ("x",), "category": ("network_data",)})) == ["open", "over"]


def test_what_an_incident_counts(snapshot):
    over = incidents.counted_by(snapshot, "over")
    assert over.cells == (("network_data", None, "sms"),)
    assert (over.start, over.end) == (datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC))
    with pytest.raises(RequestFailed, match="not written down") as unknown:  # by an older release
        incidents.counted_by(snapshot, "open")
    assert unknown.value.status == 503
    with pytest.raises(RequestFailed, match="no incident nothing"):
        incidents.counted_by(snapshot, "nothing")
