"""The month's figures for a regulator: one template, under the regulator's own names of kinds of complaints.

The figures of the whole month are metrics of the registry; here belongs what is counted by the regulator's classes.
Which subcategory is which class is the taxonomy's.
"""

from collections.abc import Mapping

import polars as pl

REGULATORS: Mapping[str, str] = {
    "ncc": "Nigerian Communications Commission",
    "ofcom": "Ofcom (United Kingdom)",
    "fcc": "Federal Communications Commission (United States)",
    "acma": "Australian Communications and Media Authority",
}
NOT_MAPPED = "(not mapped)"
"""Class of complaints whose subcategory has no class of the regulator."""
NOT_KNOWN = "(not known)"
TOP = 3
MINUTES_OF_DAY = 24 * 60
SHARE_RESOLVED = 0.8
"""Regulators ask within how many days so many were resolved."""

DAILY_COLUMNS = ["product", "subcategory", "complaints"]
SERVICE_COLUMNS = ["product", "subcategory", "resolution_minutes"]

SUMMARY = (
    "complaints",
    "complaints_per_1000_subscribers",
    "answered",
    "first_response_median",
    "first_response_timely_rate",
    "resolved",
    "resolution_median",
    "resolution_p90",
    "resolution_timely_rate",
    "backlog",
    "backlog_over_30_days",
)
"""Metrics of the registry that the month as a whole is described by."""


def regulator_pack(
    summary: Mapping[str, float | None], daily: pl.DataFrame, service: pl.DataFrame, classes: Mapping[str, str]
) -> Mapping[str, pl.DataFrame]:
    """Fill in the tables of the template: summary, by_class, by_service, by_class_and_service and top_classes.

    Days are calendar days of 24 hours from complaint to solution, of complaints of the month that are resolved by now.

    Args:
        summary: the metrics ``SUMMARY`` of the month.
        daily: ``DailyComplaints`` of the month (at least ``DAILY_COLUMNS``).
        service: ``ServiceTime`` of the month (at least ``SERVICE_COLUMNS``).
        classes: subcategory → the regulator's class.
    """
    named = {
        "class": pl.col("subcategory").replace_strict(classes, default=NOT_MAPPED, return_dtype=pl.String),
        "service": pl.col("product").fill_null(NOT_KNOWN),
    }
    daily, service = daily.with_columns(**named), service.with_columns(**named)
    by_class = _grouped(daily, service, ["class"])
    figures = pl.DataFrame(list(summary.items()), schema={"figure": pl.String, "value": pl.Float64}, orient="row")
    return {
        "summary": figures,
        "by_class": by_class,
        "by_service": _grouped(daily, service, ["service"]),
        "by_class_and_service": _grouped(daily, service, ["class", "service"]),
        "top_classes": by_class.filter(pl.col("class") != NOT_MAPPED).head(TOP).select("class", "complaints", "share"),
    }


def as_lines(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the tables as one: a row for each number, with table, row, figure and value (Float64)."""
    frames = []
    for name, table in tables.items():
        keys = [column for column, dtype in table.schema.items() if dtype == pl.String]
        numbers = table.select(
            pl.concat_str(keys, separator=", ").alias("row"), pl.exclude(keys).cast(pl.Float64)
        ).with_row_index("order")
        long = numbers.unpivot(index=["order", "row"], variable_name="name_of_figure", value_name="number")
        frames.append(long.sort("order", maintain_order=True).with_columns(pl.lit(name).alias("table")))
    return pl.concat(frames).select("table", "row", figure="name_of_figure", value="number")


def _grouped(daily: pl.DataFrame, service: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    days = pl.col("resolution_minutes") / MINUTES_OF_DAY
    resolution = service.group_by(by).agg(
        resolved=days.count().cast(pl.Int64),
        mean_days_to_resolve=days.mean(),
        days_to_resolve_80_percent=days.quantile(SHARE_RESOLVED, interpolation="linear"),
    )
    return (
        daily.group_by(by)
        .agg(pl.col("complaints").sum())
        .with_columns(share=pl.col("complaints") / pl.col("complaints").sum())
        .join(resolution, on=by, how="left")
        .with_columns(pl.col("resolved").fill_null(0))
        .sort("complaints", *by, descending=[True, *(False for _ in by)])
    )
