"""The one daily partitions definition that all day-partitioned assets share, and its conversions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from complaints_platform.sources.mapping import CLOCK_SKEW

FIRST_TAG = "dagster/asset_partition_range_start"
LAST_TAG = "dagster/asset_partition_range_end"
REPORTED_BY_ASSETS_TAG = "dagster/defer_asset_events"
"""Undocumented but read by Dagster 1.13: it then neither plans nor records materialisations itself."""

MOST_PLANNED_DAYS = 31
"""Planning writes an event for each day and asset before a run is queued; worth it where people look at days."""


class UtcDays(dg.DailyPartitionsDefinition):
    """Days of UTC without gaps, listed by counting.

    Dagster lists all days of history for each check of a day-partitioned asset and walks through a cron schedule to
    do so: 70 ms for 17 years, a dozen times in a run of one day.
    """

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> Sequence[str]:
        """Return the days as ``YYYY-MM-DD`` from the first through the last, in order."""
        with dg.partition_loading_context(current_time, dynamic_partitions_store):
            first, last = self.get_first_partition_key(), self.get_last_partition_key()
        if first is None or last is None:
            return []
        numbers = range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1)
        return [date.fromordinal(number).isoformat() for number in numbers]


def daily_partitions(first_day: date) -> UtcDays:
    """Return UTC days from the first day of history through tomorrow.

    By default Dagster's days end yesterday; complaints of today are complaints too, and clocks of senders may go
    ahead by ``CLOCK_SKEW``.
    """
    offset = 1 + CLOCK_SKEW.days
    return UtcDays(start_date=first_day.isoformat(), timezone="UTC", end_offset=offset)


def backfill_policy(days_per_run: int) -> dg.BackfillPolicy:
    """Return the policy of all assets: a range is one run, or a few batches of so many days."""
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=days_per_run)


def days_of(partition_keys: Sequence[str]) -> list[date]:
    """Return partition keys as days, in order."""
    return sorted(date.fromisoformat(key) for key in partition_keys)


@dataclass(frozen=True)
class Batch:
    """The days that one run materialises."""

    days: tuple[date, ...]

    @property
    def is_contiguous(self) -> bool:
        """There are no gaps between the days."""
        return (self.days[-1] - self.days[0]).days == len(self.days) - 1

    @property
    def tags(self) -> dict[str, str]:
        """Run tags: the enclosing range; where days are many or have gaps, that assets report them themselves."""
        enclosing = {FIRST_TAG: self.days[0].isoformat(), LAST_TAG: self.days[-1].isoformat()}
        planned = self.is_contiguous and len(self.days) <= MOST_PLANNED_DAYS
        return enclosing if planned else {**enclosing, REPORTED_BY_ASSETS_TAG: "true"}

    @property
    def config(self) -> dict[str, object]:
        """Run config: which days of the range, if not all of them."""
        only = [] if self.is_contiguous else [day.isoformat() for day in self.days]
        return _config(RunDays(only=only))


def batches(days: Iterable[date], longest: int) -> list[Batch]:
    """Split days into as few runs as possible, each of at most ``longest`` days. Gaps don't matter."""
    ordered = sorted(days)
    return [Batch(tuple(ordered[start : start + longest])) for start in range(0, len(ordered), longest)]


@dataclass(frozen=True)
class TablesBatch:
    """The days of each table that one run materialises; each table has some."""

    tables: Mapping[str, Sequence[date]]

    @property
    def tags(self) -> dict[str, str]:
        """Run tags, as of ``Batch``; assets report their days themselves also where tables have different ones."""
        batch = Batch(tuple(sorted({day for days in self.tables.values() for day in days})))
        is_plain = all(sorted(days) == list(batch.days) for days in self.tables.values())
        return batch.tags if is_plain else {**batch.tags, REPORTED_BY_ASSETS_TAG: "true"}

    @property
    def config(self) -> dict[str, object]:
        """Run config: which days of which table."""
        return _config(
            RunDays(tables={table: [day.isoformat() for day in days] for table, days in self.tables.items()})
        )


class RunDays(dg.ConfigurableResource[None]):
    """Which days a run works on: its partitions, or only some of them.

    Dagster's ranges have no gaps and are the same for all assets of a run. Days scattered over years would be
    a run each, or thousands of days that nobody asked for; so such a run names its days here.
    """

    only: list[str] = Field(default_factory=list, description="Days (YYYY-MM-DD) of the range; none means all.")
    tables: dict[str, list[str]] = Field(
        default_factory=dict, description="The same by table (schema/name), where tables differ."
    )

    def of(self, context: dg.AssetExecutionContext) -> list[date]:
        """Return the days of the run for the asset that asks, in order."""
        return days_of(self.named(context.asset_key) or context.partition_keys)

    def named(self, asset: dg.AssetKey) -> list[str]:
        """Return the days that are named for an asset; none if all of the range are meant."""
        return self.tables.get("/".join(asset.path), self.only)


def _config(run_days: RunDays) -> dict[str, object]:
    return {"resources": {"run_days": {"config": {"only": run_days.only, "tables": run_days.tables}}}}


def days_made(run: dg.DagsterRun, asset: dg.AssetKey) -> list[date]:
    """Return the days of an asset that a run makes; none if it is not about days."""
    config: Mapping[str, Any] = run.run_config
    run_days = config.get("resources", {}).get("run_days", {}).get("config", {})
    return days_of(RunDays(**run_days).named(asset)) or days_of_run(run.tags)


def days_of_run(tags: Mapping[str, str]) -> list[date]:
    """Return the days between the first and the last of a run with these tags; none if it is not about days."""
    single = tags.get("dagster/partition")
    if single is not None:
        return [date.fromisoformat(single)]
    if FIRST_TAG not in tags:
        return []
    first, last = date.fromisoformat(tags[FIRST_TAG]), date.fromisoformat(tags[LAST_TAG])
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
