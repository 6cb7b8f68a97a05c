from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.cleaning.duplicates import newest_versions
from complaints_platform.lake.key_index import VERSION_COLUMNS, newest

TIMES = st.sampled_from([datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)])
VERSIONS = st.lists(
    st.tuples(st.sampled_from("xy"), st.none() | TIMES, TIMES, st.sampled_from("ab"), st.integers(1, 3)),
    unique_by=lambda version: version[2:],
)


@given(VERSIONS)
def test_the_index_and_the_cleaning_agree_on_which_version_is_newer(rows):
    versions = pl.DataFrame(rows, schema=VERSION_COLUMNS, orient="row")
    by_index = newest(versions, ["source_id"]).sort("source_id")
    by_cleaning = newest_versions(versions.rename({"source_id": "complaint_id"})).sort("complaint_id")
    assert by_index.rows() == by_cleaning.rows()
