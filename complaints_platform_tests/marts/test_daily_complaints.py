from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.marts.daily_complaints import INPUT_COLUMNS, daily_complaints

DAY = date(2026, 3, 10)
SCHEMA = dict.fromkeys(INPUT_COLUMNS, pl.String) | {"day": pl.Date, "needs_review": pl.Boolean}

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["sms", "web_form"]),
        st.sampled_from(["north", None]),
        st.sampled_from(["billing", "network"]),
        st.sampled_from(["x", None]),
        st.sampled_from(["complaint", "duplicate", "superseded", "retracted"]),
        st.sampled_from(["other", None]),
        st.booleans(),
    ),
    max_size=60,
)


@given(ROWS)
def test_counts_equal_a_count_by_hand(rows):
    frame = pl.DataFrame([(DAY, *row, "m1", "t1") for row in rows], schema=SCHEMA, orient="row")
    mart = daily_complaints(frame)
    complaints = [row for row in rows if row[4] == "complaint"]
    assert mart["complaints"].sum() == len(complaints)
    assert mart["near_duplicates"].sum() == sum(row[5] is not None for row in complaints)
    assert mart["needs_review"].sum() == sum(row[6] for row in complaints)
    for row in mart.iter_rows(named=True):
        grain = (row["channel"], row["region"], row["category"], row["subcategory"])
        assert row["complaints"] == sum(other[:4] == grain for other in complaints)
