"""Profiles of days, and each way in which what a sender sends changes."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import polars as pl
import pytest

from complaints_platform.cleaning.text import count_misread
from complaints_platform.generator.faults import mojibake
from complaints_platform.quality.profile import PROFILE_SCHEMA, PROFILED_COLUMNS, profile
from complaints_platform.quality.rates import RATES, judge_lateness, judge_rates
from complaints_platform.quality.references import dangling

FIRST = date(2026, 3, 10)
LAST = FIRST + timedelta(days=29)
USUAL = {"duplicates": 0.03, "repaired": 0.02, "no_region": 0.2, "no_product": 1.0}


def profiles(seed=1, rows=200, lateness=2.0, **last):
    """Thirty days of one source; ``last`` are shares of the last day."""
    random = Random(seed)  # noqa: S311  # reproducible
    lines = []
    for number in range(30):
        day = FIRST + timedelta(days=number)
        line = dict.fromkeys(PROFILE_SCHEMA.names(), 0) | {"day": day, "source": "sms", "rows": rows}
        shares = {**USUAL, **(last if day == LAST else {})}
        for column, share in shares.items():
            line[column] = sum(random.random() < share for _ in range(rows))
        line["lateness_hours"] = lateness + random.random()
        lines.append(line)
    return pl.DataFrame(lines, schema=PROFILE_SCHEMA)


def failing(frame):
    days = frame["day"].to_list()
    verdicts = [*judge_rates("sms", frame, days), judge_lateness("sms", frame, days, timedelta(hours=8))]
    return {verdict.measure: [point.day for point in verdict.failing] for verdict in verdicts if not verdict.passed}


@pytest.mark.parametrize("rows", [25, 200, 3000])
@pytest.mark.parametrize("seed", range(5))
def test_usual_days_pass(seed, rows):
    assert failing(profiles(seed, rows)) == {}


@pytest.mark.parametrize("measure", [name for name in RATES if name != "records without product"])
def test_each_change_of_a_sender_fails_its_own_measure_and_no_other(measure):
    frame = profiles(**{RATES[measure].column: 0.6})
    assert failing(frame) == {measure: [LAST]}
    (verdict,) = [each for each in judge_rates("sms", frame, [LAST]) if not each.passed]
    assert f"sms: {measure} high on {LAST}" in verdict.describe()
    assert RATES[measure].next_step == verdict.next_step
    assert "%, usual is " in verdict.describe()


def test_a_field_that_was_never_sent_is_not_missed():
    assert failing(profiles(no_product=1.0)) == {}


def test_late_files_fail_and_history_that_was_loaded_late_does_not():
    frame = profiles()
    hours = pl.when(pl.col("day") == LAST).then(30.0).otherwise(pl.col("lateness_hours"))
    assert failing(frame.with_columns(lateness_hours=hours)) == {"lateness in hours": [LAST]}
    age = (pl.lit(date(2026, 11, 1)) - pl.col("day")).dt.total_hours().cast(pl.Float64)
    assert failing(frame.with_columns(lateness_hours=age)) == {}


def test_few_days_or_few_records_say_nothing():
    garbage = profiles(duplicates=0.9)
    assert failing(garbage.tail(6)) == {}
    assert failing(profiles(rows=9, duplicates=0.9)) == {}


def cleaned(**columns):
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    rows = {
        "source": ["sms", "sms", "sms", "web"],
        "outcome": ["complaint", "duplicate", "superseded", "complaint"],
        "complaint_id": ["a", "b", "a", "c"],
        "text": ["one", "one", "on\ufffd", None],
        "customer_key": ["k", None, "k", "k"],
        "region": [None, None, None, "x"],
        "product": ["p"] * 4,
        "occurred_at": [at] * 4,
        "received_at": [at + timedelta(hours=hours) for hours in (90, 2, 1, 5)],
    }
    return pl.DataFrame({**rows, **columns}).select(PROFILED_COLUMNS)


def test_a_profile_counts_by_source_and_takes_the_first_receipt_of_a_record():
    found = profile(FIRST, cleaned(), {"sms": 2}).rows(named=True)
    assert [row["source"] for row in found] == ["sms", "web"]
    sms = {name: value for name, value in found[0].items() if value}
    assert sms == {
        "day": FIRST,
        "source": "sms",
        "rows": 3,
        "duplicates": 1,
        "damaged": 1,
        "repaired": 2,
        "no_customer": 1,
        "no_region": 3,
        "lateness_hours": 1.5,
    }
    assert found[1]["repaired"] == 0


def test_misread_texts_are_counted_and_sound_ones_are_not():
    sound = ["Grüße aus Köln", "naïve café — „so“", "plain", "Kosten: 5 € & mehr", None]
    assert count_misread(pl.Series("text", sound)) == 0
    broken = [mojibake(text) for text in sound[:2]]
    assert count_misread(pl.Series("text", [*sound, *broken])) == 2


def test_references_to_nothing_are_found_and_days_that_are_not_stored_are_not_judged():
    today = pl.DataFrame(
        {
            "complaint_id": ["a", "b", "c", "d"],
            "raw_sha256": ["one", "one", "two", "two"],
            "duplicate_of": [None, "a", "yesterday", "nobody"],
            "near_duplicate_of": ["b", None, None, "no one"],
        }
    )
    before = pl.DataFrame({"complaint_id": ["yesterday"]})
    assert dangling(today, before, {"one", "two"}).rows() == [
        ("duplicate_of", "nobody", 1),
        ("near_duplicate_of", "no one", 1),
    ]
    assert dangling(today, None, {"one"}).rows() == [("raw_sha256", "two", 2)]
