"""Complaints by day, channel, region, category and subcategory: the headline count."""

import polars as pl

from complaints_platform.schemas import DailyComplaints, Outcome, conform

INPUT_COLUMNS = [
    "day",
    "channel",
    "region",
    "category",
    "subcategory",
    "outcome",
    "near_duplicate_of",
    "needs_review",
    "model_version",
    "taxonomy_version",
]

GRAIN = ["day", "channel", "region", "category", "subcategory"]

VERSIONS = ["model_version", "taxonomy_version"]
"""By which its categories were given; a day is categorised at once, so it has one of each."""


def daily_complaints(categorized: pl.DataFrame) -> pl.DataFrame:
    """Count complaints. Exact duplicates are excluded; near duplicates are included and counted beside.

    Args:
        categorized: rows of ``CategorizedComplaint`` of one day (at least ``INPUT_COLUMNS``).

    Returns:
        ``DailyComplaints``, sorted by its grain.
    """
    counted = (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .group_by(*GRAIN, *VERSIONS)
        .agg(
            complaints=pl.len(),
            near_duplicates=pl.col("near_duplicate_of").is_not_null().sum(),
            needs_review=pl.col("needs_review").sum(),
        )
        .sort(*GRAIN, *VERSIONS)
    )
    return conform(counted, DailyComplaints)
