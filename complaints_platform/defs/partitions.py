"""The one daily partitions definition that all day-partitioned assets share, and its conversions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from complaints_platform.settings import Settings

FIRST_TAG = "dagster/asset_partition_range_start"
LAST_TAG = "dagster/asset_partition_range_end"
REPORTED_BY_ASSETS_TAG = "dagster/defer_asset_events"
"""Undocumented but read by Dagster 1.13: it then neither plans nor records materialisations itself."""


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
        """Run tags: the range that encloses the days; with gaps, that the assets report their days themselves."""
        enclosing = {FIRST_TAG: self.days[0].isoformat(), LAST_TAG: self.days[-1].isoformat()}
        return enclosing if self.is_contiguous else {**enclosing, REPORTED_BY_ASSETS_TAG: "true"}

    @property
    def config(self) -> dict[str, object]:
        """Run config: which days of the range, if not all of them."""
        only = [] if self.is_contiguous else [day.isoformat() for day in self.days]
        return {"resources": {"run_days": {"config": {"only": only}}}}


def batches(days: Iterable[date], longest: int) -> list[Batch]:
    """Split days into as few runs as possible, each of at most ``longest`` days. Gaps don't matter."""
    ordered = sorted(days)
    return [Batch(tuple(ordered[start : start + longest])) for start in range(0, len(ordered), longest)]


class RunDays(dg.ConfigurableResource[None]):
    """Which days a run works on: its partitions, or only some of them.

    Dagster's ranges have no gaps. Days scattered over years would be a run each, or thousands
    of days that nobody asked for; so such a run names its days here.
    """

    only: list[str] = Field(default_factory=list, description="Days (YYYY-MM-DD) of the range; none means all.")

    def of(self, context: dg.AssetExecutionContext) -> list[date]:
        """Return the days of the run, in order."""
        return days_of(self.only or context.partition_keys)


def reported_by_assets(tags: Mapping[str, str]) -> bool:
    """Tell whether Dagster leaves it to the assets to say which partitions the run materialised."""
    return REPORTED_BY_ASSETS_TAG in tags


def days_of_run(tags: Mapping[str, str]) -> list[date]:
    """Return the days between the first and the last of a run with these tags; none if it is not about days."""
    single = tags.get("dagster/partition")
    if single is not None:
        return [date.fromisoformat(single)]
    if FIRST_TAG not in tags:
        return []
    first, last = date.fromisoformat(tags[FIRST_TAG]), date.fromisoformat(tags[LAST_TAG])
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
