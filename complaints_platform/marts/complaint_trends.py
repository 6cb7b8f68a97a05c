"""Complaints of a day, week and month of the reporting zone, against the period before, by region and category.

For reports and SQL. Other dimensions, and a year before, are asked of the metric ``complaints``.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from complaints_platform.marts.daily_complaints import VERSIONS
from complaints_platform.marts.local_days import last_local_day
from complaints_platform.schemas import ComplaintTrend, conform

GROUP = ["region", "category"]

LOOK_BACK_DAYS = 62
"""A month's last day looks at this month (31 days at most) and the one before (31); a local day begins on the UTC day
before or ends on the one after."""


@dataclass(frozen=True)
class Window:
    """A period up to a day, and what it is compared with. All days inclusive."""

    period: Literal["day", "week", "month"]
    start: date
    end: date
    complete: bool
    previous_start: date
    previous_end: date


def windows(day: date) -> list[Window]:
    """Return the day, ISO week and month that ``day`` lies in, as far as ``day``.

    A complete period is compared with the whole period before; an incomplete one with as many
    days of it, so that a week in progress does not look like a collapse.
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
        Window("day", day, day, complete=True, previous_start=yesterday, previous_end=yesterday),
        Window("week", week_start, day, week_complete, previous_week, previous_week + (day - week_start)),
        Window(
            "month",
            month_start,
            day,
            month_complete,
            previous_month,
            previous_month_end if month_complete else min(as_far, previous_month_end),
        ),
    ]


def complaint_trends(day: date, daily: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Compare the periods that end on the last local day that is over when ``day`` is with those before.

    Args:
        day: a day (UTC).
        daily: rows of ``DailyComplaints`` of ``day`` and the ``LOOK_BACK_DAYS`` before it.
        zone: the reporting time zone.

    Returns:
        ``ComplaintTrend``: one row for each period, region and category that has complaints in
        the period or in the one before it.
    """
    frames = [_compare(day, daily, window) for window in windows(last_local_day(day, zone))]
    return conform(pl.concat(frames), ComplaintTrend)


def _compare(day: date, daily: pl.DataFrame, window: Window) -> pl.DataFrame:
    current = pl.col("local_day").is_between(window.start, window.end)
    previous = pl.col("local_day").is_between(window.previous_start, window.previous_end)
    counted = daily.filter(current | previous)
    return (
        counted.group_by(GROUP)
        .agg(
            complaints=pl.col("complaints").filter(current).sum(),
            previous=pl.col("complaints").filter(previous).sum(),
        )
        .with_columns(change=pl.col("complaints") - pl.col("previous"))
        .with_columns(change_ratio=pl.when(pl.col("previous") > 0).then(pl.col("change") / pl.col("previous")))
        .sort(GROUP)
        .select(
            pl.lit(day).alias("day"),
            pl.lit(window.end).alias("local_day"),
            pl.lit(window.period).alias("period"),
            pl.lit(window.start).alias("period_start"),
            pl.lit(window.complete).alias("complete"),
            *GROUP,
            "complaints",
            "previous",
            pl.lit(counted.select(VERSIONS).n_unique() > 1).alias("mixed_versions"),
            "change",
            "change_ratio",
        )
    )
