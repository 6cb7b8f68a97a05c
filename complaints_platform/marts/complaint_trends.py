"""Complaints by day, week and month of the reporting zone, against the previous period, by region and category.

For reports and SQL. For other dimensions, or the year before, use the metric ``complaints``.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pandera.polars as pa
import polars as pl

from complaints_platform.marts import daily_complaints
from complaints_platform.marts.daily_complaints import VERSIONS
from complaints_platform.marts.definition import ByDay, Mart, by_zone
from complaints_platform.marts.local_days import last_local_day
from complaints_platform.schemas import DataSet, conform, fields

GROUP = ["region", "category"]
INPUT_COLUMNS = ["local_day", *GROUP, *VERSIONS, "complaints"]

LOOK_BACK_DAYS = 62
"""A month's last day looks at this month (31 days at most) and the one before (31); a local day begins on the UTC day
before or ends on the one after."""


class ComplaintTrend(DataSet, unique=["day", "period", "region", "category"]):
    """Complaints of a period up to a day, against the previous period, by region and category."""

    day: pl.Date = pa.Field(description="Day at whose end the complaints were counted (UTC). Partition.")
    local_day: pl.Date = pa.Field(
        nullable=True, description=f"Last day counted: the last local day that was over by then{fields.EARLIER}."
    )
    period: str = pa.Field(isin=["day", "week", "month"], description="Calendar period: day, ISO week, month.")
    period_start: pl.Date = pa.Field(description="First day of the period of `local_day`.")
    complete: bool = pa.Field(description="`local_day` is the period's last day; otherwise the count is to date.")
    region: str = fields.REGION
    category: str = fields.CATEGORY
    complaints: int = pa.Field(ge=0, description="Complaints from period_start to local_day.")
    previous: int = pa.Field(
        ge=0, description="Complaints of the previous period: all of it if complete, else the same number of days."
    )
    mixed_versions: bool = pa.Field(
        description="Different models or taxonomies categorised these days: a change may come from that."
    )
    change: int = pa.Field(description="complaints - previous.")
    change_ratio: float = pa.Field(nullable=True, description="change / previous; null if previous is 0.")


@dataclass(frozen=True)
class Period:
    """A period up to a day, and what it is compared with. All days inclusive."""

    period: Literal["day", "week", "month"]
    start: date
    end: date
    complete: bool
    previous_start: date
    previous_end: date


def periods(day: date) -> list[Period]:
    """Return the day, ISO week and month of ``day``, up to ``day``.

    A complete period is compared with all of the previous one; an incomplete one with the same number of days of it,
    so that a week in progress does not look like a collapse.
    """
    yesterday = day - timedelta(days=1)
    week_start = day - timedelta(days=day.weekday())
    previous_week = week_start - timedelta(days=7)
    week_complete = day.weekday() == calendar.SUNDAY
    month_start = day.replace(day=1)
    month_complete = (day + timedelta(days=1)).day == 1
    previous_month_end = month_start - timedelta(days=1)
    previous_month = previous_month_end.replace(day=1)
    as_far = previous_month + (day - month_start)
    return [
        Period("day", day, day, complete=True, previous_start=yesterday, previous_end=yesterday),
        Period("week", week_start, day, week_complete, previous_week, previous_week + (day - week_start)),
        Period(
            "month",
            month_start,
            day,
            month_complete,
            previous_month,
            previous_month_end if month_complete else min(as_far, previous_month_end),
        ),
    ]


def complaint_trends(day: date, daily: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Compare the periods that end on the last local day that is over when ``day`` (UTC) is with those before.

    ``daily`` are rows of ``DailyComplaints`` of ``day`` and the ``LOOK_BACK_DAYS`` before it. Returns
    ``ComplaintTrend``: a row for each period, region and category with complaints in it or in the one before.
    """
    frames = [_compare(day, daily, period) for period in periods(last_local_day(day, zone))]
    return conform(pl.concat(frames), ComplaintTrend)


def _compare(day: date, daily: pl.DataFrame, span: Period) -> pl.DataFrame:
    current = pl.col("local_day").is_between(span.start, span.end)
    previous = pl.col("local_day").is_between(span.previous_start, span.previous_end)
    counted = daily.filter(current | previous)
    return (
        counted.group_by(GROUP)
        .agg(
            complaints=pl.col("complaints").filter(current).sum(), previous=pl.col("complaints").filter(previous).sum()
        )
        .with_columns(change=pl.col("complaints") - pl.col("previous"))
        .with_columns(change_ratio=pl.when(pl.col("previous") > 0).then(pl.col("change") / pl.col("previous")))
        .sort(GROUP)
        .select(
            pl.lit(day).alias("day"),
            pl.lit(span.end).alias("local_day"),
            pl.lit(span.period).alias("period"),
            pl.lit(span.start).alias("period_start"),
            pl.lit(span.complete).alias("complete"),
            *GROUP,
            "complaints",
            "previous",
            pl.lit(counted.select(VERSIONS).n_unique() > 1).alias("mixed_versions"),
            "change",
            "change_ratio",
        )
    )


MART = Mart(
    name="mart.complaint_trends",
    title="Trends",
    grain="a period (day, ISO week, month) up to a day, region and category",
    description="Complaints of a period against the previous one. For other dimensions, or the year before, use the "
    "metric `complaints` (`compare=year`), which counts the same days.",
    model=ComplaintTrend,
    recipe=ByDay(
        lambda window: complaint_trends(window.day, window.together, window.rules.zone), INPUT_COLUMNS, every_day=True
    ),
    source=daily_complaints.MART.name,
    look_back=LOOK_BACK_DAYS,
    settings=by_zone,
    day_column="local_day",
)
