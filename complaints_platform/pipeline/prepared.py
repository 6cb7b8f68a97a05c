"""Preparing a day record by record, once: a day that grows all the time keeps what was prepared of it.

It is a cache: whatever is missing or does not fit is prepared again, and days of few segments are not worth one.
Prepared rows are kept in bundles of segments, so that a day of thousands of segments is a few objects.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.bundles import Bundle, Bundles, smallest_to_merge
from complaints_platform.lake.segments import RawDay

MANY_SEGMENTS = 24
"""Days of fewer segments are prepared at once: keeping what was prepared costs as much as a quarter of preparing."""

MOST_BUNDLES = 6
"""More bundles of one day than this are merged, the smallest first."""

KEPT = timedelta(days=3)
"""Bundles of days this much older than the one at hand are deleted: hardly anything comes for those any more."""


@dataclass(frozen=True)
class PreparedDays:
    """Prepared records of days, from bundles where there are any.

    Attributes:
        lake: where segments and bundles lie.
        prepare: makes prepared rows of raw ones; no row may depend on another.
        made_by: identifies what ``prepare`` does: bundles of another one are not used.
    """

    lake: Lake
    prepare: Callable[[pl.DataFrame], pl.DataFrame]
    made_by: str

    def of(self, day: date, raw_days: Sequence[RawDay]) -> pl.DataFrame:
        """Return the prepared records of all live segments of a day, in no particular order."""
        segments = dict(_segments(raw_days))
        if len(segments) < MANY_SEGMENTS:
            return self._prepared(raw_days)
        folder = layout.prepared(day, self.made_by)
        bundles = Bundles(self.lake.store, folder)
        try:
            found = bundles.all()
        except LakeError:  # damaged, or written by another release
            self._clear(folder)
            found = []
        used: list[tuple[Bundle, pl.DataFrame]] = []
        covered: set[str] = set()
        for bundle in found:
            usable = bundle.members.keys() <= segments.keys() and covered.isdisjoint(bundle.members)
            if usable and (frame := _read(bundles, bundle)) is not None:
                used.append((bundle, frame))
                covered.update(bundle.members)
        fresh = [name for name in segments if name not in covered]
        if fresh:
            frame = self._prepared(_by_source(segments[name] for name in fresh))
            used.append((_write(bundles, fresh, frame), frame))
        kept = _merge(bundles, used)
        for bundle in {bundle.key: bundle for bundle in [*found, *(bundle for bundle, _ in used)]}.values():
            if bundle.key not in kept:
                bundles.delete(bundle)
        for name in self.lake.store.names(layout.PREPARED):
            if layout.day_of_folder(name) < day - KEPT:
                self._clear(f"{layout.PREPARED}/{name}")
        return pl.concat([frame for _, frame in used])

    def _prepared(self, raw_days: Sequence[RawDay]) -> pl.DataFrame:
        return self.prepare(pl.concat([self.lake.segments.read(raw_day) for raw_day in raw_days]))

    def _clear(self, folder: str) -> None:
        for entry in list(self.lake.store.entries(folder)):
            if not entry.is_folder:
                self.lake.store.delete(entry.key)


def _read(bundles: Bundles, bundle: Bundle) -> pl.DataFrame | None:
    """Return a bundle's rows, or None if somebody has merged it meanwhile."""
    try:
        return bundles.read(bundle)
    except LakeError:
        return None


def _write(bundles: Bundles, members: Iterable[str], frame: pl.DataFrame) -> Bundle:
    return bundles.write(dict.fromkeys(members, (0, "")), frame, datetime.now(UTC))


def _merge(bundles: Bundles, used: Sequence[tuple[Bundle, pl.DataFrame]]) -> set[str]:
    """Merge the smallest bundles if there are too many; return the keys of those that are left."""
    chosen = smallest_to_merge([frame.height for _, frame in used], MOST_BUNDLES)
    kept = {bundle.key for number, (bundle, _) in enumerate(used) if number not in chosen}
    if chosen:
        merged = [used[number] for number in sorted(chosen)]
        members = [name for bundle, _ in merged for name in bundle.members]
        kept.add(_write(bundles, members, pl.concat([frame for _, frame in merged])).key)
    return kept


def _segments(raw_days: Sequence[RawDay]) -> Iterator[tuple[str, RawDay]]:
    """Yield each live segment by a name that says all that its prepared rows depend on."""
    for raw_day in raw_days:
        for name, receipt in raw_day.segments:
            part = replace(raw_day, segments=((name, receipt),))
            yield f"{raw_day.source}/{name} {receipt.received_at.isoformat()}", part


def _by_source(segments: Iterable[RawDay]) -> list[RawDay]:
    """Put the segments of each source together again."""
    together: dict[str, RawDay] = {}
    for part in segments:
        known = together.get(part.source)
        together[part.source] = part if known is None else replace(known, segments=(*known.segments, *part.segments))
    return list(together.values())
