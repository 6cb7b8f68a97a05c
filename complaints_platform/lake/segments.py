"""Raw segments: the records of one file and one day, as immutable Parquet files.

A segment is live if the newest receipt of its file names its reading version; everything else
in the folder is left from an interrupted run or an older contract, and nothing reads it. A segment
keeps its name and its rows wherever it lies: alone, or, on days that came in thousands of small files, with others
in a pack: a bundle of segments. A segment that lies alone counts before any pack.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.bundles import Bundle, Bundles, places
from complaints_platform.lake.key_index import KeyIndex
from complaints_platform.lake.receipts import Receipt, Receipts
from complaints_platform.lake.store import Store
from complaints_platform.schemas import RawRecord
from complaints_platform.schemas.model import polars_schema

LINEAGE = pl.Schema({"source": pl.String(), "raw_sha256": pl.String(), "received_at": pl.Datetime("us", "UTC")})
"""Where a record comes from; the same for all rows of a segment."""

SEGMENT_SCHEMA = pl.Schema({**polars_schema(RawRecord), **LINEAGE})

SEGMENT_COMPRESSION_LEVEL = 1
"""zstd 1: 3 halves the bytes saved per CPU second on complaint texts."""


@dataclass(frozen=True)
class RawDay:
    """What is live of one source and one day: the segments, and the notes on moved records."""

    source: str
    day: date
    segments: tuple[tuple[layout.SegmentName, Receipt], ...]
    elsewhere: pl.DataFrame
    """Versions of this day's records on other days (``key_index.VERSION_COLUMNS``)."""

    @property
    def rows(self) -> int:
        """Number of live records, by the receipts."""
        receipts = {receipt.sha256: receipt for _, receipt in self.segments}
        return sum(receipt.days[self.day.isoformat()] for receipt in receipts.values())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that a reader of this day would see (16 hex digits)."""
        digest = hashlib.sha256()
        for name, receipt in self.segments:
            digest.update(f"{name} {receipt.received_at.isoformat()}\n".encode())
        for row in self.elsewhere.sort(self.elsewhere.columns).iter_rows():
            digest.update(f"{row}\n".encode())
        return digest.hexdigest()[:16]


class Segments:
    """All raw segments of a lake."""

    def __init__(self, store: Store, receipts: Receipts, key_index: KeyIndex) -> None:
        self._store = store
        self._receipts = receipts
        self._key_index = key_index

    def write(self, day: date, name: layout.SegmentName, records: pl.DataFrame) -> None:
        """Write the records (``SEGMENT_SCHEMA``) of one file and day; doing it again replaces the same object."""
        buffer = io.BytesIO()
        records.write_parquet(buffer, compression="zstd", compression_level=SEGMENT_COMPRESSION_LEVEL, statistics=False)
        self._store.put(f"{layout.raw_day(records['source'][0], day)}/{name}", buffer.getvalue())

    def days(self, source: str) -> list[date]:
        """Return the days for which the source has segments, in order."""
        alone = {layout.day_of_folder(name) for name in self._store.names(f"{layout.RAW}/{source}")}
        return sorted(alone.union(self.packed_days(source)))

    def packed_days(self, source: str) -> list[date]:
        """Return the days of which the source has packs, in order."""
        return [layout.day_of_folder(name) for name in self._store.names(f"{layout.PACKED}/{source}")]

    def packs(self, source: str, day: date) -> Bundles:
        """Return the packs of a day."""
        return Bundles(self._store, layout.packed_day(source, day))

    def day(self, source: str, day: date) -> RawDay:
        """Find what is live of one source and day."""
        live: list[tuple[layout.SegmentName, Receipt]] = []
        packed = places(self.packs(source, day).all())
        for text in sorted(packed.keys() | set(self._store.names(layout.raw_day(source, day)))):
            name = layout.SegmentName.parse(text)
            receipt = self._receipts.get(source, name.sha256)
            if receipt is not None and receipt.version == name.version and day.isoformat() in receipt.days:
                live.append((name, receipt))
        return RawDay(source, day, tuple(live), self._key_index.elsewhere(source, day))

    def read(self, raw_day: RawDay) -> pl.DataFrame:
        """Return the live records of a day, as ``SEGMENT_SCHEMA``."""
        # Segments written before a column was added have nulls in it.
        empty = pl.DataFrame(schema=SEGMENT_SCHEMA)
        return pl.concat([empty, *(frame for _, frame in self.read_each(raw_day))], how="diagonal", rechunk=False)

    def read_each(self, raw_day: RawDay) -> Iterator[tuple[layout.SegmentName, pl.DataFrame]]:
        """Yield each live segment of a day and its records.

        The time of receipt is the receipt's: an interrupted or simultaneous collect of the same
        file may have written the same segment with a time of its own.
        """
        lies = self._lies(raw_day)
        packs = self.packs(raw_day.source, raw_day.day)
        rows = {pack.key: packs.read(pack) for pack in _distinct(lies.values())}
        for name, receipt in raw_day.segments:
            frame = self._segment(raw_day, str(name), lies[str(name)], rows)
            yield name, frame.with_columns(received_at=pl.lit(receipt.received_at, LINEAGE["received_at"]))

    def live(self, source: str) -> tuple[list[str], pl.DataFrame]:
        """Return all live records of a source: keys of Parquet files, and those that share a file with dead ones.

        The frame is of ``SEGMENT_SCHEMA``; so are the files, but for columns that were added since.
        """
        keys: list[str] = []
        partial = [pl.DataFrame(schema=SEGMENT_SCHEMA)]
        for day in self.days(source):
            raw_day = self.day(source, day)
            lies = self._lies(raw_day)
            keys += [f"{layout.raw_day(source, day)}/{name}" for name, pack in lies.items() if pack is None]
            for pack in _distinct(lies.values()):
                here = {name for name, other in lies.items() if other is not None and other.key == pack.key}
                if here == pack.members.keys():
                    keys.append(pack.rows_key)
                else:  # some of its segments are dead, or were written again since
                    some = [each for each in raw_day.segments if str(each[0]) in here]
                    partial.append(self.read(replace(raw_day, segments=tuple(some))))
        return keys, pl.concat(partial, how="diagonal")

    def _lies(self, raw_day: RawDay) -> dict[str, Bundle | None]:
        """Return live segment → the pack that it lies in, or None where it lies alone."""
        alone = set(self._store.names(layout.raw_day(raw_day.source, raw_day.day)))
        wanted = [str(name) for name, _ in raw_day.segments]
        packed = {} if alone.issuperset(wanted) else places(self.packs(raw_day.source, raw_day.day).all())
        return {name: None if name in alone else packed.get(name) for name in wanted}

    def _segment(
        self, raw_day: RawDay, name: str, pack: Bundle | None, rows: Mapping[str, pl.DataFrame]
    ) -> pl.DataFrame:
        if pack is not None:
            packed = pack.members[name]
            return rows[pack.key].slice(packed.offset, packed.rows)
        with self._store.open(f"{layout.raw_day(raw_day.source, raw_day.day)}/{name}") as file:
            return pl.read_parquet(file)


def _distinct(packs: Iterable[Bundle | None]) -> list[Bundle]:
    return list({pack.key: pack for pack in packs if pack is not None}.values())
