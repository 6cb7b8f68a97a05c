"""Cases as computed day by day, of bounded history, against a plain loop over all of it."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaints_platform.marts.contacts import (
    INPUT_COLUMNS,
    LOOK_BACK_COLUMNS,
    LOOK_BACK_DAYS,
    SPAN_DAYS,
    contacts,
    of_known_customers,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=SPAN_DAYS)
PERSONS = ["000000" + "a" * 26, "ffffff" + "b" * 26, "83a1c4" + "c" * 26]

# Hours between contacts of a few customers: chains of weeks, gaps of exactly 7 days, several in one moment.
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(PERSONS),
        st.sampled_from(["billing", "network"]),
        st.sampled_from([0, 0, 1, 30, 100, 167, 168, 169, 500, 720]),
    ),
    min_size=1,
    max_size=60,
)


def rows_of(history):
    at = dict.fromkeys(PERSONS, START)
    rows = []
    for number, (person, category, hours) in enumerate(history):
        at[person] += timedelta(hours=hours)
        rows.append((f"{number * 7919 % 1000:03}", at[person], person, category))
    return rows


def frame_of(rows):
    return pl.DataFrame(
        [
            {
                "complaint_id": name,
                "occurred_at": at,
                "account_key": person if number % 2 else None,
                "customer_key": person,
                "category": category,
                "outcome": "complaint",
                "day": at.date(),
                "source": "sms",
                "channel": "sms",
                "region": None,
                "product": None,
                "subcategory": None,
            }
            for number, (name, at, person, category) in enumerate(rows)
        ],
        schema_overrides={"occurred_at": pl.Datetime("us", "UTC"), "account_key": pl.String},
    ).select(INPUT_COLUMNS)


def by_day(rows):
    """Compute each day as the pipeline does: of it and its look-back alone, in no particular order."""
    frame = frame_of(rows)
    found = {}
    for day in sorted(frame["day"].unique(), key=lambda day: day.day):
        before = frame.filter(pl.col("day").is_between(day - timedelta(days=LOOK_BACK_DAYS), day, closed="left"))
        today = frame.filter(pl.col("day") == day)
        mart = contacts(of_known_customers(today), of_known_customers(before.select(LOOK_BACK_COLUMNS)), "UTC")
        found |= {row["complaint_id"]: row for row in mart.iter_rows(named=True)}
    return found


def by_hand(rows):
    """The definition, read aloud, over all history."""
    expected = {}
    for person in PERSONS:
        for category in ("billing", "network"):
            theirs = sorted((at, name) for name, at, who, what in rows if (who, what) == (person, category))
            shift = timedelta(microseconds=int(person[:6], 16) * SPAN // timedelta(microseconds=1) // 16**6)
            chain_start = case = before = None
            for at, name in theirs:
                gap = None if before is None else at - before[0]
                linked = gap is not None and gap <= timedelta(days=7)
                chain_start = chain_start if linked else at
                span_start = EPOCH + shift + (at - EPOCH - shift) // SPAN * SPAN
                divided = span_start if chain_start <= span_start - SPAN else None
                if not linked or divided != case["divided"]:
                    case = {"id": name, "start": at, "divided": divided, "contacts": 0}
                case["contacts"] += 1
                expected[name] = {
                    "previous_id": before[1] if linked else None,
                    "repeat_7_days": linked,
                    "repeat_30_days": gap is not None and gap <= timedelta(days=30),
                    "episode_id": case["id"],
                    "episode_started_at": case["start"],
                    "contact_number": case["contacts"],
                }
                before = (at, name)
    return expected


@settings(max_examples=40, deadline=None)
@given(HISTORIES)
@example([(PERSONS[2], "billing", hours) for hours in (0, 100, 167, 167)])
@example([(PERSONS[1], "billing", 100)] * 12)
def test_bounded_history_gives_what_all_history_would(history):
    rows = rows_of(history)
    found = by_day(rows)
    expected = by_hand(rows)
    assert {name: {key: row[key] for key in expected[name]} for name, row in found.items()} == expected
    for row in found.values():
        assert row["occurred_at"] - row["episode_started_at"] < timedelta(days=30)
        start = found[row["episode_id"]]
        assert (start["contact_number"], start["occurred_at"]) == (1, row["episode_started_at"])


def test_a_chain_of_less_than_fifteen_days_is_one_case_wherever_it_lies():
    for offset in range(0, 31, 2):
        rows = [(f"{n}", START + timedelta(days=offset + 2 * n), PERSONS[2], "billing") for n in range(8)]
        assert {row["episode_id"] for row in by_day(rows).values()} == {"0"}


def test_who_is_not_known_and_what_is_no_complaint_links_nothing():
    rows = frame_of([("a", START, PERSONS[0], "billing"), ("b", START + timedelta(hours=1), PERSONS[0], "billing")])
    nobody = rows.with_columns(customer_key=pl.lit(None, pl.String), account_key=pl.lit(None, pl.String))
    assert of_known_customers(nobody).is_empty()
    assert of_known_customers(rows.with_columns(outcome=pl.lit("duplicate"))).is_empty()
