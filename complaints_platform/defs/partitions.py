"""The one daily partitions definition that all day-partitioned assets share, and its conversions."""

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from complaints_platform.settings import Settings


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return UTC days from the first day of history through today.

    ``end_offset=1`` because complaints of today are complaints too; by default Dagster's days
    end yesterday.
    """
    return dg.DailyPartitionsDefinition(start_date=settings.first_day.isoformat(), timezone="UTC", end_offset=1)


def backfill_policy(settings: Settings) -> dg.BackfillPolicy:
    """Return the policy of all assets: a range is one run, or a few batches of ``days_per_run``."""
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=settings.days_per_run)


def days_of(partition_keys: Sequence[str]) -> list[date]:
    """Return partition keys as days, in order."""
    return sorted(date.fromisoformat(key) for key in partition_keys)


def range_tags(first: date, last: date) -> dict[str, str]:
    """Return the run tags by which one run materialises a range of days."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def ranges(days: Sequence[date], longest: int) -> list[tuple[date, date]]:
    """Cover ``days`` with as few contiguous ranges as possible, each at most ``longest`` days.

    Ranges hold no day that is not asked for: a run writes every day of its range.
    """
    covered: list[tuple[date, date]] = []
    for day in sorted(days):
        if covered:
            first, last = covered[-1]
            if day - last == timedelta(days=1) and (day - first).days < longest:
                covered[-1] = (first, day)
                continue
        covered.append((day, day))
    return covered
