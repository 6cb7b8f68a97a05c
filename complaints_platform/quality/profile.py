"""The profile of a day: what one source's records look like in a few sums, so that days can be compared.

Sums and counts only, nothing of a single record: a profile holds no personal data.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from complaints_platform.schemas import Outcome

REPLACEMENT_CHARACTER = "\ufffd"
"""What decoders write where bytes can't be read: words that are lost for good."""

PROFILE_SCHEMA = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        **dict.fromkeys(
            ("rows", "duplicates", "damaged", "repaired", "no_customer", "no_region", "no_product"), pl.Int64()
        ),
        "lateness_hours": pl.Float64(),
    }
)
"""One row a day and source. ``repaired``: texts sent in damaged encoding and repaired; ``damaged``: texts with
replacement characters; ``no_…``: records without that field; ``lateness_hours``: median hours from a complaint to the
first receipt of it."""

PROFILE_VERSION = 2
"""Of what a profile is and how it is counted: raise it with each change, and stored ones are made again."""

PROFILED_COLUMNS = [
    *("source", "outcome", "complaint_id", "text", "customer_key", "region", "product", "occurred_at", "received_at")
]
"""Of ``CleanedComplaint``: what ``profile`` reads."""


def profile(day: date, cleaned: pl.DataFrame, repaired: Mapping[str, int]) -> pl.DataFrame:
    """Sum up a day of ``cleaned/complaints`` (``PROFILED_COLUMNS``) by source, as ``PROFILE_SCHEMA``.

    ``repaired`` counts, by source, the texts that came in damaged encoding and could be repaired.
    """
    # A record that was corrected later comes twice: when it first came says how late its sender is.
    lateness = (
        cleaned.group_by("source", "complaint_id")
        .agg((pl.col("received_at") - pl.col("occurred_at")).min().alias("late"))
        .group_by("source")
        .agg(lateness_hours=pl.col("late").dt.total_seconds().median() / 3600)
    )
    mended = pl.DataFrame(list(repaired.items()), schema={"source": pl.String(), "repaired": pl.Int64()}, orient="row")
    return (
        cleaned.group_by("source")
        .agg(
            rows=pl.len(),
            duplicates=(pl.col("outcome") == Outcome.DUPLICATE.value).sum(),
            damaged=pl.col("text").str.contains(REPLACEMENT_CHARACTER, literal=True).sum(),
            no_customer=pl.col("customer_key").is_null().sum(),
            no_region=pl.col("region").is_null().sum(),
            no_product=pl.col("product").is_null().sum(),
        )
        .join(lateness, on="source", how="left")
        .join(mended, on="source", how="left")
        .with_columns(pl.lit(day).alias("day"), pl.col("repaired").fill_null(0))
        .select(pl.col(name).cast(dtype) for name, dtype in PROFILE_SCHEMA.items())
        .sort("source")
    )
