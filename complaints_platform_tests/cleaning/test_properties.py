"""What holds for every input: cleaning twice changes nothing, nothing raises, files may be split anywhere."""

import csv
import io
import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.cleaning import Rules, decide_outcomes, prepare
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import StoredFile
from complaints_platform.lake import Lake
from complaints_platform.lake.store import LocalStore
from complaints_platform.pipeline.cleaned import CleanedRecipe
from complaints_platform.schemas import CleanedComplaint, conform
from complaints_platform.sources.contract import SourceContract
from complaints_platform_tests.cleaning.raw_records import KEY, NOON, NOTHING, NOWHERE, raw_records

FREE_TEXT = ("source_id", "customer", "agent", "thread", "text", "region", "product", "status", "language")
REPAIRED = ("text", "product", "status", "language")
"""Columns that are made of the same column of a raw record."""

LINEAGE = ["raw_sha256", "record_number", "received_at"]

# Any character that UTF-8 can write, with a liking for those that make trouble.
nasty = st.sampled_from(
    "\x00\x07\x1a\x7f\x80\x9d\xa0\xad\u0301\u0300\u034f\u115f\u200b\u200d\u200e\u2028\u2060\ud7ff\ue000\ufdd0\ufeff\uffff"
    "\U0001f469\u200d\U0001f4bb\U000e0067\U0010ffff&#;@<>0123456789+()-/.:ÃÂâ€™Ì"
)
snippets = st.sampled_from(
    [
        *("my name is ", "+234 803 123 4567", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "ada@example.com"),
        *("https://x.example/?token=", "1.2.3.4", "::1", "&amp;", "Ã©", "<PHONE>", "RT @ada: ", "account ", "\n", " "),
    ]
)
any_text = st.text(st.characters(exclude_categories=["Cs"]) | nasty, max_size=30)
texts = st.none() | st.lists(any_text | snippets, max_size=5).map("".join)
records = st.lists(st.fixed_dictionaries(dict.fromkeys(FREE_TEXT, texts)), max_size=4)


def times(rows):
    """Give each of ``rows`` a time of its own within the day."""
    return [row | {"occurred_at": NOON + timedelta(minutes=number)} for number, row in enumerate(rows)]


@settings(max_examples=80, deadline=None)
@given(records, records)
def test_no_text_whatever_makes_cleaning_raise(today, before):
    raw, earlier = raw_records(*times(today)), raw_records(*times(before))
    frame = decide_outcomes(prepare(raw, KEY), prepare(earlier, KEY), NOWHERE)
    conform(frame, CleanedComplaint)
    assert frame.height == len(today)


def test_a_day_without_records_gives_a_frame_without_rows():
    frame = decide_outcomes(prepare(NOTHING, KEY), prepare(NOTHING, KEY), NOWHERE)
    assert frame.is_empty()
    conform(frame, CleanedComplaint)


@settings(max_examples=80, deadline=None)
@given(records)
def test_cleaning_the_cleaned_changes_nothing(rows):
    raw = raw_records(*rows)
    once = prepare(raw, KEY)
    again = prepare(raw.with_columns(once.select(REPAIRED)), KEY)
    assert again.select(REPAIRED).equals(once.select(REPAIRED), null_equal=True)


# --- files ---------------------------------------------------------------------------------------------

FIRST_DAY = date(2010, 1, 1)
FIELDS = ("id", "who", "at", "changed", "what", "serial")
CONTRACT = {
    "description": "A test source.",
    "owner": "team:tests",
    "cadence": "daily",
    "channel": "web_form",
    "encoding": "utf-8",
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at", "updated_at": "changed", "customer": "who"},
}
stamps = st.sampled_from([f"2026-03-{day}T{hour}:00:00Z" for day in (14, 15) for hour in ("01", "12", "23")])
rows_of_files = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["", "", "1", "2"]),
            "who": st.sampled_from(["", "ada@example.com", "08031234567", "+234 803 123 4567"]),
            "at": stamps,
            "changed": st.just("") | stamps,
            "what": st.sampled_from(
                [
                    "no network in the whole of Ikeja since monday morning",
                    "NO NETWORK in the whole of Ikeja, since monday morning!",
                    'he said "wait";\nI wait, call 08031234567',
                    "no network in the whole of Ikeja since monday morning â€¦",
                    "CafÃ©",
                ]
            ),
        }
    ),
    min_size=1,
    max_size=8,
)


def as_csv(rows):
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def as_ndjson(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Clock:
    """A time that moves on by a second whenever it is asked."""

    def __init__(self):
        self.now = datetime(2026, 4, 1, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


def cleaned(files, suffix):
    """Collect ``files`` (bytes) in their order, and clean the days that they touch."""
    with tempfile.TemporaryDirectory() as folder:
        store, lake = LocalStore(Path(folder) / "landing"), Lake(str(Path(folder) / "lake"))
        contract = SourceContract.model_validate({**CONTRACT, "format": {"type": suffix}})
        collector = Collector(lake, "forms", contract, FIRST_DAY, Clock())
        for number, content in enumerate(files):
            store.put(f"{number}.{suffix}", content)
            collector.collect([StoredFile(store, f"{number}.{suffix}", f"{number}.{suffix}")])
        days = sorted({date.fromisoformat(day) for receipt in lake.receipts.all() for day in receipt.days})
        frames = [made.frame for made in CleanedRecipe(lake, ["forms"], KEY, Rules()).frames(days)]
    return pl.concat(frames)


@pytest.mark.parametrize(("suffix", "write"), [("csv", as_csv), ("ndjson", as_ndjson)])
@settings(max_examples=15, deadline=None)
@given(rows=rows_of_files, cuts=st.sets(st.integers(1, 7)))
def test_records_come_to_the_same_however_they_are_split_into_files(suffix, write, rows, cuts):
    """The serial makes no two files equal: the same bytes again would be the same file, received once."""
    rows = [row | {"serial": str(number)} for number, row in enumerate(rows)]
    borders = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    parts = [rows[begin:end] for begin, end in pairwise(borders)]
    whole, split = (cleaned([write(part) for part in files], suffix).drop(LINEAGE) for files in ([rows], parts))
    assert whole.height == len(rows)
    assert whole.sort(pl.all()).equals(split.sort(pl.all()), null_equal=True)
