"""Complaints by day, source, channel, region, product, category and subcategory: the headline count."""

import polars as pl

from complaints_platform.marts.local_days import local_day
from complaints_platform.schemas import DailyComplaints, Outcome, conform

INPUT_COLUMNS = [
    "day",
    "occurred_at",
    "source",
    "channel",
    "region",
    "product",
    "category",
    "subcategory",
    "outcome",
    "near_duplicate_of",
    "needs_review",
    "confidence",
    "category_source",
    "alternatives",
    "sentiment",
    "severity",
    "model_version",
    "taxonomy_version",
]

GRAIN = ["day", "local_day", "source", "channel", "region", "product", "category", "subcategory"]

VERSIONS = ["model_version", "taxonomy_version"]
"""By which its categories were given; a day is categorised at once, so it has one of each."""

BY_MODEL, BY_PERSON = "model", "person"
NEGATIVE, SEVERE = "negative", "high"
"""Values of sentiment and severity that are counted; of a taxonomy that knows neither, none is."""


def daily_complaints(categorized: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Count complaints. Exact duplicates are excluded; near duplicates are included and counted beside.

    Args:
        categorized: rows of ``CategorizedComplaint`` of one day (at least ``INPUT_COLUMNS``).
        zone: the reporting time zone.

    Returns:
        ``DailyComplaints``, sorted by its grain.
    """
    corrected = pl.col("category_source") == BY_PERSON
    # What the classifier finds likeliest stays in alternatives where a person decided otherwise.
    said_by_model = pl.col("alternatives").str.split(", ").list.first()
    counted = (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .with_columns(local_day=local_day("occurred_at", zone))
        .group_by(*GRAIN, *VERSIONS, maintain_order=True)
        .agg(
            complaints=pl.len(),
            near_duplicates=pl.col("near_duplicate_of").is_not_null().sum(),
            needs_review=pl.col("needs_review").sum(),
            by_model=(pl.col("category_source") == BY_MODEL).sum(),
            confidence_total=pl.col("confidence").sum(),
            corrected=corrected.sum(),
            confirmed=(corrected & (said_by_model == pl.col("category"))).sum(),
            with_sentiment=pl.col("sentiment").count(),
            negative=(pl.col("sentiment") == NEGATIVE).sum(),
            with_severity=pl.col("severity").count(),
            severe=(pl.col("severity") == SEVERE).sum(),
        )
        .sort(*GRAIN, *VERSIONS)
    )
    return conform(counted, DailyComplaints)
