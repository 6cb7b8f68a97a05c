"""Rows of tables for tests that care about some of their columns only."""

import polars as pl

from complaints_platform.marts.daily_complaints import DailyComplaints
from complaints_platform.schemas.model import polars_schema

COUNTS = {
    "near_duplicates": 0,
    "needs_review": 0,
    "by_model": 0,
    "confidence_total": 0.0,
    "corrected": 0,
    "confirmed": 0,
    "with_sentiment": 0,
    "negative": 0,
    "with_severity": 0,
    "severe": 0,
}
KINDS = {"source": "sms", "channel": "sms", "region": "north", "category": "billing", "subcategory": "x"}
VERSIONS = {"model_version": "m", "taxonomy_version": "1"}


def daily_rows(*rows):
    """Rows of ``mart.daily_complaints``: each a mapping of day, complaints and whatever else differs from a default."""
    schema = polars_schema(DailyComplaints)
    filled = [{"local_day": row["day"], "product": None} | KINDS | VERSIONS | COUNTS | row for row in rows]
    return pl.DataFrame([{name: row[name] for name in schema} for row in filled], schema=schema)
