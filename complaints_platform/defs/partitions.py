"""The one daily partitions definition that all day-partitioned assets share, and its conversions."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import dagster as dg

from complaints_platform.settings import Settings

FIRST_TAG = "dagster/asset_partition_range_start"
LAST_TAG = "dagster/asset_partition_range_end"


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
    return {FIRST_TAG: first.isoformat(), LAST_TAG: last.isoformat()}


def run_days(tags: Mapping[str, str]) -> list[date]:
    """Return the days that a run with these tags materialises; none if it is not about days."""
    single = tags.get("dagster/partition")
    if single is not None:
        return [date.fromisoformat(single)]
    if FIRST_TAG not in tags:
        return []
    first, last = date.fromisoformat(tags[FIRST_TAG]), date.fromisoformat(tags[LAST_TAG])
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


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
