"""Publishing: which versions of all tables belong together, and when readers may see them.

A run replaces days in one table after the other. In between, a day is *inconsistent*: its tables hold different data.
The fingerprints alone tell which days are, so no run has to announce its end, and a run that dies before publishing
leaves nothing to repair: the next one publishes for both. A stale day, whose tables agree on outdated data, does not
delay publishing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeAlias

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED, QUARANTINE, TABLES, TableSpec
from complaints_platform.lake.fingerprints import is_made_of
from complaints_platform.lake.manifests import Manifest
from complaints_platform.lake.tables import TableState
from complaints_platform.pipeline.derived import DERIVED, DERIVED_OF

LAST_OF_A_RUN = tuple(
    spec for spec in TABLES if spec not in {CLEANED, QUARANTINE, CATEGORIZED, *(each.source for each in DERIVED)}
)
"""Tables that no other is built from: when they are written, a run may have ended."""

CHAIN = (CLEANED, CATEGORIZED, *DERIVED_OF)
"""Tables that are built from each other, day by day, in this order."""

PATIENCE = timedelta(minutes=15)
"""A day that is inconsistent for longer is not being worked on (its run keeps failing), and must not hold back all
other days."""


ChainDays: TypeAlias = Mapping[TableSpec, Mapping[date, str]]
"""Table of the chain → day → fingerprint."""

NOTHING: ChainDays = {spec: {} for spec in CHAIN}


def inconsistent_days(before: ChainDays, now: ChainDays, suspects: Iterable[date] = ()) -> list[date]:
    """Return which of the days that have changed, and of ``suspects``, are inconsistent, in order."""
    changed = set(suspects)
    for spec in CHAIN:
        old, new = before[spec], now[spec]
        changed.update(day for day in old.keys() | new.keys() if old.get(day) != new.get(day))
    return sorted(day for day in changed if not _belongs_together(day, now.__getitem__))


def _belongs_together(day: date, of: Callable[[TableSpec], Mapping[date, str]]) -> bool:
    # From the end of the chain, which a running run has not reached yet.
    if not all(each.is_current(day, of(each.spec).get(day), of(each.source)) for each in reversed(DERIVED)):
        return False
    cleaned, categorized = of(CLEANED).get(day), of(CATEGORIZED).get(day)
    return cleaned is not None and categorized is not None and is_made_of(categorized, cleaned)


def is_whole(lake: Lake, day: date) -> bool:
    """Tell whether the newest versions of all tables of the chain agree on a day.

    During a run this reads only two tables: cheaper than ``publish``, which reads all of them.
    """
    return _belongs_together(day, cache(lambda spec: spec.table(lake).state().fingerprints))


def publish(lake: Lake, now: datetime | None = None) -> Manifest | None:
    """Publish the newest versions of all tables if they belong together; return the manifest now in force.

    None only if none was ever published. Cheap if nothing has changed, and safe to call at any time, also
    concurrently.
    """
    now = now or datetime.now(UTC)
    while True:
        last = lake.manifests.newest()
        states = {spec: spec.table(lake).state() for spec in TABLES}
        versions = {spec.sql_name: state.version for spec, state in states.items() if state.version >= 0}
        if last is not None and versions == last.versions:
            return last
        chain = {spec: states[spec].fingerprints for spec in CHAIN}
        inconsistent = inconsistent_days(_chain_of(lake, last, states), chain, last.unfinished if last else ())
        if _must_wait(lake, inconsistent, now):
            return last
        published = lake.manifests.publish(last, versions, inconsistent, now)
        if published is not None:
            return published


def publish_all(lake: Lake) -> Manifest:
    """Publish the newest versions as they are and delete all other manifests, so that older versions can be deleted.

    Only while nothing else runs.
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


def _chain_of(lake: Lake, manifest: Manifest | None, newest: Mapping[TableSpec, TableState]) -> ChainDays:
    """Return the days that a manifest names; none without a manifest, or if its tables were deleted and created again.

    Tables of which the manifest names the newest version are not looked up again.
    """
    if manifest is None:
        return NOTHING

    def named(spec: TableSpec) -> TableState:
        known = newest[spec]
        same = manifest.version(spec.sql_name) == known.version
        return known if same else spec.table_in(lake, manifest).state()

    try:
        return {spec: named(spec).fingerprints for spec in CHAIN}
    except LakeError:
        return NOTHING


def _must_wait(lake: Lake, inconsistent: list[date], now: datetime) -> bool:
    """Tell whether a run may still be working on an inconsistent day; record since when each is inconsistent."""
    known = lake.manifests.waiting_since()
    since = {day: min(known.get(day, now), now) for day in inconsistent}
    if since != known:
        lake.manifests.set_waiting(since)
    return any(now - time < PATIENCE for time in since.values())
