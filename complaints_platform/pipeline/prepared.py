"""Preparing a day record by record, once: a day that grows all the time keeps what was prepared of it.

Here belongs which segments were prepared already, and where that lies. It is a cache: whatever is missing or
does not fit is prepared again, and days of few segments are not worth one. Prepared rows are kept in bundles
of segments, and small bundles are merged into larger ones, so that a day of thousands of segments is a few
objects, and each row is written a few times at most.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import orjson
import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.fingerprints import fingerprint
from complaints_platform.lake.segments import RawDay

MANY_SEGMENTS = 24
"""Days of fewer segments are prepared at once: keeping what was prepared costs as much as a quarter of preparing."""

MOST_BUNDLES = 6
"""More bundles of one day than this are merged, the smallest first."""

KEPT = timedelta(days=3)
"""Bundles of days this much older than the one at hand are deleted: hardly anything comes for those any more."""

ROWS, DESCRIPTION = ".parquet", ".json"


@dataclass(frozen=True)
class _Bundle:
    """Some prepared segments in one object."""

    key: str
    members: frozenset[str]
    rows: int


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
        used, frames = [], []
        for bundle in self._usable(day, segments):
            frame = self._read(bundle)
            if frame is not None:
                used.append(bundle)
                frames.append(frame)
        covered = frozenset(member for bundle in used for member in bundle.members)
        fresh = {member: segment for member, segment in segments.items() if member not in covered}
        if fresh:
            frame = self._prepared(_by_source(fresh.values()))
            used.append(self._write(day, frozenset(fresh), frame))
            frames.append(frame)
        self._merge(day, used, frames)
        return pl.concat(frames)

    def _prepared(self, raw_days: Sequence[RawDay]) -> pl.DataFrame:
        return self.prepare(pl.concat([self.lake.segments.read(raw_day) for raw_day in raw_days]))

    def _usable(self, day: date, segments: Mapping[str, RawDay]) -> Iterator[_Bundle]:
        """Yield bundles of nothing but live segments, the largest first, no segment twice."""
        seen: set[str] = set()
        for bundle in sorted(self._bundles(day), key=lambda bundle: (-bundle.rows, bundle.key)):
            if bundle.members <= segments.keys() and seen.isdisjoint(bundle.members):
                seen |= bundle.members
                yield bundle

    def _bundles(self, day: date) -> Iterator[_Bundle]:
        folder = layout.prepared(day, self.made_by)
        for name in self.lake.store.names(folder):
            if name.endswith(DESCRIPTION) and (data := self.lake.store.get(f"{folder}/{name}")) is not None:
                described = orjson.loads(data)
                key = f"{folder}/{name.removesuffix(DESCRIPTION)}"
                yield _Bundle(key, frozenset(described["members"]), described["rows"])

    def _read(self, bundle: _Bundle) -> pl.DataFrame | None:
        """Return a bundle's rows, or None if somebody has merged it meanwhile."""
        try:
            with self.lake.store.open(bundle.key + ROWS) as file:
                return pl.read_parquet(file)
        except LakeError:
            return None

    def _write(self, day: date, members: frozenset[str], frame: pl.DataFrame) -> _Bundle:
        """Write a bundle: its rows first, so that whoever finds its members finds them too."""
        name = fingerprint(*sorted(members))
        key = f"{layout.prepared(day, self.made_by)}/{name}"
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=1, statistics=False)
        self.lake.store.put(key + ROWS, buffer.getvalue())
        described = {"members": sorted(members), "rows": frame.height}
        self.lake.store.put(key + DESCRIPTION, orjson.dumps(described))
        return _Bundle(key, members, frame.height)

    def _merge(self, day: date, used: list[_Bundle], frames: list[pl.DataFrame]) -> None:
        """Merge the smallest bundles if there are too many; delete what is of no use any more."""
        kept = {bundle.key for bundle in used}
        if len(used) > MOST_BUNDLES:
            order = sorted(range(len(used)), key=lambda index: used[index].rows)
            merged, rows = order[:2], sum(used[index].rows for index in order[:2])
            for index in order[2:]:
                # A bundle is merged only with others that together are about as large: each row moves up
                # to a bundle of twice the size, so it is written a logarithmic number of times.
                if len(order) - len(merged) < MOST_BUNDLES and used[index].rows > rows:
                    break
                merged.append(index)
                rows += used[index].rows
            members = frozenset(member for index in merged for member in used[index].members)
            kept -= {used[index].key for index in merged}
            kept.add(self._write(day, members, pl.concat([frames[index] for index in merged])).key)
        for bundle in list(self._bundles(day)):
            if bundle.key not in kept:
                self._delete(bundle.key)
        self._forget_before(day - KEPT)

    def _forget_before(self, day: date) -> None:
        for name in self.lake.store.names(layout.PREPARED):
            if layout.day_of_folder(name) < day:
                entries = list(self.lake.store.entries(f"{layout.PREPARED}/{name}"))
                for entry in entries:
                    if not entry.is_folder:
                        self.lake.store.delete(entry.key)

    def _delete(self, key: str) -> None:
        self.lake.store.delete(key + DESCRIPTION)
        self.lake.store.delete(key + ROWS)


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
