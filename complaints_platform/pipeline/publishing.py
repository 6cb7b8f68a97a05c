"""Publishing: which versions of all tables belong together, and when they may be shown.

A run replaces days in one table after the other. In between, a day is *torn*: its tables tell of different
data. What is torn can be seen from the fingerprints alone, so nobody has to announce that a run has ended, and
a run that dies before it has published leaves nothing to repair: whoever publishes next does it for both.
That a day is stale, as all its tables agree on something that has changed since, keeps nothing waiting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake
from complaints_platform.lake.manifests import Manifest
from complaints_platform.pipeline.data_sets import (
    CATEGORIZED,
    CLEANED,
    DAILY,
    INCIDENTS,
    RECONCILIATION,
    TABLES,
    TOPICS,
    TRENDS,
)
from complaints_platform.pipeline.fingerprints import is_made_of
from complaints_platform.pipeline.marts import daily_fingerprint, trend_fingerprint

LAST_OF_A_RUN = (TRENDS, INCIDENTS, TOPICS, RECONCILIATION)
"""Tables of which no other is made: when they are written, a run may have come to its end."""

CHAIN = (CLEANED, CATEGORIZED, DAILY, TRENDS)
"""Tables of which each is made of the one before, day by day."""

PATIENCE = timedelta(minutes=15)
"""A day that has been torn for longer was not left so by a run that is still at work (its run fails again and
again): it must not keep all other days from being seen."""


@dataclass(frozen=True)
class ChainDays:
    """Day → fingerprint in each table of the chain."""

    cleaned: Mapping[date, str]
    categorized: Mapping[date, str]
    daily: Mapping[date, str]
    trends: Mapping[date, str]

    def tables(self) -> tuple[Mapping[date, str], ...]:
        """Return the tables in the order in which they are made."""
        return self.cleaned, self.categorized, self.daily, self.trends


NOTHING = ChainDays({}, {}, {}, {})


def torn_days(before: ChainDays, now: ChainDays, suspects: Iterable[date] = ()) -> list[date]:
    """Return which of the days that have changed, and of ``suspects``, are torn, in order."""
    changed = set(suspects)
    for old, new in zip(before.tables(), now.tables(), strict=True):
        changed.update(day for day in old.keys() | new.keys() if old.get(day) != new.get(day))
    return sorted(day for day in changed if not _belongs_together(day, now))


def _belongs_together(day: date, tables: ChainDays) -> bool:
    cleaned, categorized, daily, trends = (table.get(day) for table in tables.tables())
    if cleaned is None or categorized is None or daily is None or trends is None:
        return False
    return (
        is_made_of(categorized, cleaned)
        and daily == daily_fingerprint(categorized)
        and trends == trend_fingerprint(day, tables.daily)
    )


def publish(lake: Lake, now: datetime | None = None) -> Manifest | None:
    """Publish the newest versions of all tables if they belong together; return the manifest now in force.

    None only where none was ever published. Cheap where nothing has changed, and safe to call at any time,
    by several at once.
    """
    now = now or datetime.now(UTC)
    while True:
        last = lake.manifests.newest()
        states = {spec: spec.table(lake).state() for spec in TABLES}
        versions = {spec.sql_name: state.version for spec, state in states.items() if state.version >= 0}
        if last is not None and versions == last.versions:
            return last
        chain = ChainDays(*(states[spec].fingerprints for spec in CHAIN))
        torn = torn_days(_chain_of(lake, last), chain, last.unfinished if last else ())
        if _must_wait(lake, torn, now):
            return last
        published = lake.manifests.publish(last, versions, torn, now)
        if published is not None:
            return published


def publish_all(lake: Lake) -> Manifest:
    """Publish the newest versions as they are and delete all other manifests: for when older versions have to go.

    Only for when nothing else runs.
    """
    manifests = lake.manifests.all()
    versions = {spec.sql_name: spec.table(lake).state().version for spec in TABLES}
    written = {name: version for name, version in versions.items() if version >= 0}
    published = lake.manifests.publish(manifests[-1] if manifests else None, written)
    if published is None:
        return publish_all(lake)
    for manifest in manifests:
        lake.manifests.delete(manifest.number)
    return published


def _chain_of(lake: Lake, manifest: Manifest | None) -> ChainDays:
    """Return what a manifest names; nothing, if there is none, or if its tables were deleted and made anew."""
    if manifest is None:
        return NOTHING
    try:
        return ChainDays(*(spec.table_in(lake, manifest).state().fingerprints for spec in CHAIN))
    except LakeError:
        return NOTHING


def _must_wait(lake: Lake, torn: list[date], now: datetime) -> bool:
    """Tell whether any of the torn days may still be at work; note since when each is torn."""
    known = lake.manifests.waiting_since()
    since = {day: min(known.get(day, now), now) for day in torn}
    if since != known:
        lake.manifests.set_waiting(since)
    return any(now - time < PATIENCE for time in since.values())
