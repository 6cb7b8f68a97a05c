"""Public data sets, each read by a contract: counts by day equal those of an independent reading."""

import csv
from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from complaints_platform.sources.contract import SourceContract
from complaints_platform_tests.contracts import CFPB, COMCAST, NYC311, TWEETS
from complaints_platform_tests.sources.reading_helpers import Window, read

WINDOW = Window(date(2000, 1, 1), datetime(2026, 11, 1, tzinfo=UTC))
NEW_YORK = ZoneInfo("America/New_York")


def rows_of(path):
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def days_of(result):
    return dict(result.records.group_by(pl.col("occurred_at").dt.date()).len().iter_rows())


def utc_day(text, pattern, zone=UTC):
    return datetime.strptime(text, pattern).replace(tzinfo=zone).astimezone(UTC).date()


def read_file(path, contract, block_bytes):
    return read(path.read_bytes(), SourceContract.model_validate(contract), block_bytes=block_bytes, window=WINDOW)


blocks = pytest.mark.parametrize("block_bytes", [50_000, 1 << 24])


@blocks
def test_cable_complaints(real_data, block_bytes):
    path = real_data / "comcast_telecom_complaints.csv"
    result, rows = read_file(path, COMCAST, block_bytes), rows_of(path)
    expected = Counter(utc_day(f"{row['Date']} {row['Time']}", "%d-%m-%Y %I:%M:%S %p", NEW_YORK) for row in rows)
    assert days_of(result) == expected
    assert result.bad == []
    assert result.ids == [row["Ticket #"] for row in rows]
    channels = {"Customer Care Call": "call_centre", "Internet": "web_form"}
    assert result.records["channel"].to_list() == [channels[row["Received Via"]] for row in rows]


@blocks
@pytest.mark.parametrize("name", ["uk_telco_tweets_labelled.csv", "uk_telco_tweets_unlabelled.csv"])
def test_posts(real_data, name, block_bytes):
    path = real_data / name
    result, rows = read_file(path, TWEETS, block_bytes), rows_of(path)
    worded = [row for row in rows if row["text"]]
    assert days_of(result) == Counter(utc_day(row["created"], "%Y-%m-%d %H:%M:%S") for row in worded)
    assert [reason for _, _, reason in result.bad] == ["missing_text"] * (len(rows) - len(worded))
    assert result.texts == [row["text"] for row in worded]


@blocks
def test_service_requests(real_data, block_bytes):
    path = real_data / "nyc311_sample.csv"
    result, rows = read_file(path, NYC311, block_bytes), rows_of(path)
    assert days_of(result) == Counter(utc_day(row["created_date"], "%Y-%m-%dT%H:%M:%S.%f", NEW_YORK) for row in rows)
    assert result.bad == []
    assert result.texts == [" ".join(filter(None, [row["complaint_type"], row["descriptor"]])) for row in rows]


CFPB_FORMATS = ["%m/%d/%y", "%Y/%m/%d", "%d-%m-%Y", "%Y-%m-%d"]


def cfpb_day(text):
    """The four ways in which the collected exports write dates, told apart by hand."""
    if "/" in text:
        first, second, third = map(int, text.split("/"))
        return date(2000 + third, first, second) if first < 100 else date(first, second, third)
    first, second, third = map(int, text.split("-"))
    return date(third, second, first) if first < 100 else date(first, second, third)


@blocks
def test_narratives(real_data, block_bytes):
    path = real_data / "cfpb_narratives.csv"
    result, rows = read_file(path, {**CFPB, "times": {"formats": CFPB_FORMATS}}, block_bytes), rows_of(path)
    assert days_of(result) == Counter(cfpb_day(row["date"]) for row in rows if row["date"])
    undated = [number for number, row in enumerate(rows, start=1) if not row["date"]]
    assert [(number, reason) for number, _, reason in result.bad] == [(number, "missing_time") for number in undated]
    assert result.texts == [row["text"] for row in rows if row["date"]]
