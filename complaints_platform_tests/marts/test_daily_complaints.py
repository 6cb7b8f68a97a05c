from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.marts.daily_complaints import INPUT_COLUMNS, daily_complaints

DAY = date(2026, 3, 29)
SCHEMA = dict.fromkeys(INPUT_COLUMNS, pl.String) | {
    "day": pl.Date,
    "occurred_at": pl.Datetime("us", "UTC"),
    "needs_review": pl.Boolean,
    "confidence": pl.Float64,
}
ZONE = "Europe/Berlin"

ROW = st.fixed_dictionaries(
    {
        "occurred_at": st.integers(0, 24 * 60 - 1).map(
            lambda minute: datetime(2026, 3, 29, tzinfo=UTC) + timedelta(minutes=minute)
        ),
        "source": st.sampled_from(["sms", "web"]),
        "channel": st.just("c"),
        "region": st.sampled_from(["north", None]),
        "product": st.sampled_from(["prepaid", None]),
        "category": st.sampled_from(["billing", "network"]),
        "subcategory": st.sampled_from(["x", None]),
        "outcome": st.sampled_from(["complaint", "complaint", "duplicate", "superseded", "retracted"]),
        "near_duplicate_of": st.sampled_from(["other", None]),
        "needs_review": st.booleans(),
        "category_source": st.sampled_from(["model", "person"]),
        "alternatives": st.sampled_from(["billing, network, z", "network, billing, z", "", None]),
    }
)


def local(row):
    return row["occurred_at"].astimezone(ZoneInfo(ZONE)).date()


@given(st.lists(ROW, max_size=60))
def test_counts_equal_a_count_by_hand(rows):
    for row in rows:
        row |= {"day": DAY, "model_version": "m1", "taxonomy_version": "t1"}
        row["confidence"] = 0.75 if row["category_source"] == "model" else None
    mart = daily_complaints(pl.DataFrame(rows, schema=SCHEMA, orient="row"), ZONE)
    complaints = [row for row in rows if row["outcome"] == "complaint"]
    assert mart["complaints"].sum() == len(complaints)
    for cell in mart.iter_rows(named=True):
        grain = ("source", "region", "product", "category", "subcategory")
        inside = [
            row
            for row in complaints
            if all(row[name] == cell[name] for name in grain) and local(row) == cell["local_day"]
        ]
        corrected = [row for row in inside if row["category_source"] == "person"]
        assert cell["complaints"] == len(inside) > 0
        assert cell["near_duplicates"] == sum(row["near_duplicate_of"] is not None for row in inside)
        assert cell["needs_review"] == sum(row["needs_review"] for row in inside)
        assert cell["by_model"] == len(inside) - len(corrected)
        assert cell["confidence_total"] == 0.75 * cell["by_model"]
        assert cell["corrected"] == len(corrected)
        agreed = [row for row in corrected if (row["alternatives"] or "").split(", ")[0] == row["category"]]
        assert cell["confirmed"] == len(agreed)
