"""Complaints by hour, channel, region and category, from which incidents are detected."""

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.daily_complaints import VERSIONS
from complaints_platform.marts.definition import ByDay, Mart
from complaints_platform.schemas import DataSet, Outcome, UtcTime, conform, fields

INPUT_COLUMNS = ["day", "occurred_at", "channel", "region", "category", "outcome", *VERSIONS]

GRAIN = ["day", "hour_at", "channel", "region", "category"]

INCIDENTS_VERSION = "2"
"""Part of the fingerprints of hourly counts and incidents: raise it when a definition changes."""


class HourlyComplaints(DataSet, unique=["hour_at", *GRAIN[2:], *VERSIONS]):
    """Complaints by hour, channel, region and category, from which incidents are detected."""

    day: pl.Date = fields.DAY
    hour_at: UtcTime = pa.Field(description="Start of the hour in which they occurred (UTC).")
    channel: str = fields.CHANNEL
    region: str = fields.REGION
    category: str = fields.CATEGORY
    model_version: str = fields.MODEL_VERSION
    taxonomy_version: str = fields.TAXONOMY_VERSION
    complaints: int = fields.COMPLAINTS


def hourly_complaints(categorized: pl.DataFrame) -> pl.DataFrame:
    """Count one day's ``CategorizedComplaint`` rows (``INPUT_COLUMNS``), sorted by ``GRAIN``; near duplicates count."""
    counted = (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .group_by("day", pl.col("occurred_at").dt.truncate("1h").alias("hour_at"), *GRAIN[2:], *VERSIONS)
        .agg(complaints=pl.len())
        .sort(*GRAIN, *VERSIONS)
    )
    return conform(counted, HourlyComplaints)


MART = Mart(
    name="mart.hourly_complaints",
    title="Complaints by hour",
    grain="an hour (UTC), channel, region and category",
    description="How many complaints there were by hour, from which incidents are detected.",
    model=HourlyComplaints,
    recipe=ByDay(lambda window: hourly_complaints(window.today), INPUT_COLUMNS),
    version=INCIDENTS_VERSION,
)
