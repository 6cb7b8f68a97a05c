"""The registry of metrics: each number that people are shown is defined here, once.

Documentation, the metadata of assets, the query service and the dashboard read these definitions; which SQL a
question becomes is ``measuring``'s, the rows that are measured are made by the modules of the marts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from complaints_platform.schemas import ComplaintTrend, DailyComplaints, DataSet, Reconciliation

Grain = Literal["total", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("total", "day", "week", "month")


@dataclass(frozen=True)
class Mart:
    """One mart: what a row of it is."""

    name: str
    """Its name in SQL: ``mart.…``."""
    title: str
    grain: str
    """What one row is, in words."""
    description: str
    model: type[DataSet]
    day_column: str = "day"
    """The day by which readers group and filter; ``day`` itself is always the partition (UTC)."""
    by_complaint: bool = False
    """One row a complaint: as long as the detail, though narrow. The others stay small."""


@dataclass(frozen=True)
class OpenRows:
    """For what is a state, not an event: which rows count at the end of a day."""

    since: str
    """Column of the day from which a row counts."""
    until: str
    """Column of the day from which it no longer counts; null: it still does."""


@dataclass(frozen=True)
class Detail:
    """The same number from ``categorized.complaints``: what a test holds the mart against."""

    expression: str
    """A DuckDB SQL aggregate over its rows."""
    filter: str
    """A DuckDB SQL condition on its rows."""


@dataclass(frozen=True)
class Metric:
    """One number. All SQL in it is constant text; what people ask for are columns of its closed lists."""

    name: str
    title: str
    description: str
    unit: str
    """What the value counts: complaints, minutes, share (0..1), …"""
    formula: str
    """How it is computed, in words."""
    table: str
    """The mart that it is computed from: a key of ``MARTS``."""
    expression: str
    """A DuckDB SQL aggregate over rows of that mart; null where there is nothing to compute it from."""
    dimensions: tuple[str, ...]
    """Columns of the mart by which it may be grouped and filtered."""
    better: Literal["lower", "higher"] | None
    detail: Detail | None
    """None where settings such as targets and business hours decide, so that no constant SQL can say it."""
    dtype: Literal["integer", "number"] = "integer"
    filter: str = ""
    """A DuckDB SQL condition on rows of the mart; empty: all count."""
    grains: tuple[Grain, ...] = GRAINS
    open_rows: OpenRows | None = None
    """If given, a period's value is that at the end of its last day; otherwise, that of the rows of its days."""


COMPLAINT = "outcome = 'complaint'"
"""What counts in the detail: exact duplicates, older versions and withdrawn records do not."""

MARTS: Mapping[str, Mart] = {
    mart.name: mart
    for mart in (
        Mart(
            "mart.daily_complaints",
            "Complaints by day",
            "a day, channel, region, category and subcategory",
            "How many complaints there were, of what kind, and how sure the classifier was of them.",
            DailyComplaints,
        ),
        Mart(
            "mart.complaint_trends",
            "Trends",
            "a period (day, ISO week, month) up to a day, region and category",
            "Complaints of a period against the period before.",
            ComplaintTrend,
        ),
        Mart(
            "mart.reconciliation",
            "Reconciliation",
            "a file received",
            "What became of every record of every file.",
            Reconciliation,
        ),
    )
}

OF_COMPLAINTS = ("channel", "region", "category", "subcategory")

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="complaints",
            title="Complaints",
            description="Complaints received. Exact repetitions, older versions and withdrawn records do not count; "
            "complaints that nearly repeat an earlier one do.",
            unit="complaints",
            formula="number of records with outcome complaint",
            table="mart.daily_complaints",
            expression="CAST(coalesce(sum(complaints), 0) AS BIGINT)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=Detail("count(*)", COMPLAINT),
        ),
        Metric(
            name="near_duplicates",
            title="Near duplicates",
            description="Complaints whose words nearly repeat those of an earlier one, as campaigns and bots do.",
            unit="complaints",
            formula="number of complaints that name an earlier one as near_duplicate_of",
            table="mart.daily_complaints",
            expression="CAST(coalesce(sum(near_duplicates), 0) AS BIGINT)",
            dimensions=OF_COMPLAINTS,
            better=None,
            detail=Detail("count(*)", f"{COMPLAINT} AND near_duplicate_of IS NOT NULL"),
        ),
        Metric(
            name="needs_review",
            title="For review",
            description="Complaints of whose category the classifier is too unsure: a person should look.",
            unit="complaints",
            formula="number of complaints marked needs_review",
            table="mart.daily_complaints",
            expression="CAST(coalesce(sum(needs_review), 0) AS BIGINT)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=Detail("count(*)", f"{COMPLAINT} AND needs_review"),
        ),
        Metric(
            name="review_share",
            title="Share for review",
            description="Share of complaints of whose category the classifier is too unsure.",
            unit="share",
            formula="complaints marked needs_review / complaints",
            table="mart.daily_complaints",
            expression="sum(needs_review) / sum(complaints)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=Detail("avg(CAST(needs_review AS INTEGER))", COMPLAINT),
            dtype="number",
        ),
    )
}
