from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.marts.customer_features import (
    HISTORY_COLUMNS,
    INPUT_COLUMNS,
    LOOK_BACK_DAYS,
    customer_features,
    history,
)

DAY = date(2026, 6, 30)
ENDS = datetime(2026, 7, 1, tzinfo=UTC)
PERSONS = ["aa", "bb"]

HOURS_AGO = st.one_of(st.integers(1, 24), st.integers(1, 100 * 24))
ROW = st.fixed_dictionaries(
    {
        "customer_key": st.sampled_from([*PERSONS, None]),
        "account_key": st.sampled_from([*PERSONS, None]),
        "occurred_at": st.one_of(st.integers(1, 24), st.integers(1, 100 * 24)).map(
            lambda ago: ENDS - timedelta(hours=ago)
        ),
        "resolved_at": st.sampled_from([None, ENDS - timedelta(microseconds=1), ENDS]),
        "status": st.sampled_from([None, "open", "closed"]),
        "source": st.sampled_from(["desk", "sms"]),
        "channel": st.sampled_from(["phone", "sms"]),
        "category": st.sampled_from(["billing", "network"]),
        "outcome": st.sampled_from(["complaint", "complaint", "complaint", "duplicate"]),
        "region": st.sampled_from([None, "north", "south"]),
        "product": st.none(),
        "segment": st.sampled_from([None, "business"]),
        "sentiment": st.sampled_from([None, "negative", "neutral"]),
    }
)


def newest(rows, name):
    return next((row[name] for row in reversed(rows) if row[name] is not None), None)


def by_hand(rows, person):
    first = DAY - timedelta(days=89)
    theirs = [
        row
        for row in sorted(rows, key=lambda row: (row["occurred_at"], row["complaint_id"]))
        if (row["account_key"] or row["customer_key"]) == person
        and row["outcome"] == "complaint"
        and row["day"] >= first
    ]
    today = [row for row in theirs if row["day"] == DAY]
    if not today:
        return None
    earlier = [row["day"] for row in theirs if row["day"] < DAY]
    repeats = 0
    for category in ("billing", "network"):
        at = [row["occurred_at"] for row in theirs if row["category"] == category]
        repeats += sum(b - a <= timedelta(days=7) for a, b in pairwise(at))
    heard = [row["sentiment"] == "negative" for row in theirs if row["sentiment"] is not None]
    unresolved = [
        row
        for row in theirs
        if row["source"] == "desk"
        and (row["resolved_at"] == ENDS or (row["resolved_at"] is None and row["status"] != "closed"))
    ]
    return {
        "day": DAY,
        "person_key": person,
        "account_known": today[-1]["account_key"] is not None,
        "region": newest(today, "region"),
        "product": None,
        "segment": newest(today, "segment"),
        "last_category": theirs[-1]["category"],
        "contacts_today": len(today),
        "contacts_7_days": sum(row["day"] > DAY - timedelta(days=7) for row in theirs),
        "contacts_30_days": sum(row["day"] > DAY - timedelta(days=30) for row in theirs),
        "contacts_90_days": len(theirs),
        "categories_90_days": len({row["category"] for row in theirs}),
        "channels_90_days": len({row["channel"] for row in theirs}),
        "repeats_90_days": repeats,
        "negative_share_90_days": pytest.approx(sum(heard) / len(heard)) if heard else None,
        "unresolved_90_days": len(unresolved),
        "days_since_last": (DAY - max(earlier)).days if earlier else None,
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=30))
def test_features_are_what_one_would_count(rows):
    for number, row in enumerate(rows):
        row |= {"complaint_id": f"{number:02}", "day": row["occurred_at"].date()}
    schema = dict.fromkeys(INPUT_COLUMNS, pl.String) | {
        "day": pl.Date,
        **dict.fromkeys(["occurred_at", "resolved_at"], pl.Datetime("us", "UTC")),
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    first = DAY - timedelta(days=LOOK_BACK_DAYS)
    days = sorted({row["day"] for row in rows if first <= row["day"] < DAY})
    before = [history(frame.filter(pl.col("day") == day), ["desk"]).select(HISTORY_COLUMNS) for day in days]
    mart = customer_features(DAY, history(frame.filter(pl.col("day") == DAY), ["desk"]), before)
    expected = [features for person in PERSONS if (features := by_hand(rows, person)) is not None]
    assert mart.to_dicts() == expected
