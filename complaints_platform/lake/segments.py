"""Raw segments: the records of one file and one day, as immutable Parquet files.

A segment is live if the newest receipt of its file names its reading version; everything else
in the folder is left from an interrupted run or an older contract, and nothing reads it.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds

from complaints_platform.lake import layout
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
        return [layout.day_of_folder(name) for name in self._store.names(layout.raw_source(source))]

    def day(self, source: str, day: date) -> RawDay:
        """Find what is live of one source and day."""
        live: list[tuple[layout.SegmentName, Receipt]] = []
        for text in self._store.names(layout.raw_day(source, day)):
            name = layout.SegmentName.parse(text)
            receipt = self._receipts.get(source, name.sha256)
            if receipt is not None and receipt.version == name.version and day.isoformat() in receipt.days:
                live.append((name, receipt))
        return RawDay(source, day, tuple(live), self._key_index.elsewhere(source, day))

    def read(self, raw_day: RawDay) -> pl.DataFrame:
        """Return the live records of a day, as ``SEGMENT_SCHEMA``.

        The time of receipt is the receipt's: an interrupted or simultaneous collect of the same
        file may have written the same segment with a time of its own.
        """
        folder = layout.raw_day(raw_day.source, raw_day.day)
        frames = [
            self._read_segment(f"{folder}/{name}").with_columns(
                received_at=pl.lit(receipt.received_at, LINEAGE["received_at"])
            )
            for name, receipt in raw_day.segments
        ]
        # Segments written before a column was added have nulls in it.
        return pl.concat([pl.DataFrame(schema=SEGMENT_SCHEMA), *frames], how="diagonal", rechunk=False)

    def dataset(self, source: str) -> ds.Dataset | pa.Table:
        """Return all live records of a source as an Arrow data set (``SEGMENT_SCHEMA``)."""
        paths = [
            f"{layout.raw_day(source, day)}/{name}"
            for day in self.days(source)
            for name, _ in self.day(source, day).segments
        ]
        schema = pl.DataFrame(schema=SEGMENT_SCHEMA).to_arrow().schema
        if not paths:
            return schema.empty_table()
        return ds.dataset(paths, schema=schema, format="parquet", filesystem=self._store.arrow_filesystem())

    def _read_segment(self, key: str) -> pl.DataFrame:
        with self._store.open(key) as file:
            return pl.read_parquet(file)
