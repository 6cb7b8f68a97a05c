"""Complaints by hour, channel, region and category: what spikes are seen in."""

import polars as pl

from complaints_platform.marts.daily_complaints import VERSIONS
from complaints_platform.schemas import HourlyComplaints, Outcome, conform

HOURLY_COLUMNS = ["day", "occurred_at", "channel", "region", "category", "outcome", *VERSIONS]

GRAIN = ["day", "hour_at", "channel", "region", "category"]


def hourly_complaints(categorized: pl.DataFrame) -> pl.DataFrame:
    """Count complaints by hour. Exact duplicates are excluded, near duplicates included.

    Args:
        categorized: rows of ``CategorizedComplaint`` of one day (at least ``HOURLY_COLUMNS``).

    Returns:
        ``HourlyComplaints``, sorted by its grain.
    """
    counted = (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .group_by("day", pl.col("occurred_at").dt.truncate("1h").alias("hour_at"), *GRAIN[2:], *VERSIONS)
        .agg(complaints=pl.len())
        .sort(*GRAIN, *VERSIONS)
    )
    return conform(counted, HourlyComplaints)
