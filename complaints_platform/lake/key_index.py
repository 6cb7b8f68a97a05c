"""The key index: which days hold versions of a record that carries the sender's own id.

A record may come back with a corrected time and so land in another day's partition; only one
of its versions counts. While a file is collected, its ids are first announced in the index and
then looked up in it. Of two files collected at the same time at least the later one to announce
therefore sees the other, and notes on *both* days what the other day holds. A note counts only
once the file that it speaks of is committed. The index can be rebuilt from the segments.
"""

import hashlib
import io
from collections.abc import Iterable
from datetime import date

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.receipts import Receipts
from complaints_platform.lake.store import Store
from complaints_platform.lake.tables import Table

VERSION_COLUMNS = pl.Schema(
    {
        "source_id": pl.String(),
        "updated_at": pl.Datetime("us", "UTC"),
        "received_at": pl.Datetime("us", "UTC"),
        "raw_sha256": pl.String(),
        "record_number": pl.Int64(),
    }
)
"""A version of a record: its id, and by what it is newer or older than others."""

VERSION_ORDER = ["updated_at", "received_at", "raw_sha256", "record_number"]
"""The larger, compared in this order with nulls lowest, is the newer version."""

ENTRY_COLUMNS = pl.Schema({"source": pl.String(), **VERSION_COLUMNS, "day": pl.Date(), "reading": pl.String()})
"""A row of the index: a version, the day it lies in, and the reading version of its file."""

COMPACT_AFTER_FILES = 64


def newest(versions: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Keep the newest version for each value of ``by``."""
    return versions.sort(VERSION_ORDER, nulls_last=False).unique(by, keep="last", maintain_order=True)


class KeyIndex:
    """The index of one lake."""

    def __init__(self, store: Store, receipts: Receipts) -> None:
        self._store = store
        self._receipts = receipts
        self._table = Table(store, layout.KEY_INDEX, ENTRY_COLUMNS, partition_by="source")

    def announce(self, source: str, entries: pl.DataFrame) -> None:
        """Add the versions of some files (``ENTRY_COLUMNS``, one source) to the index, as one commit."""
        if entries.height:
            self._table.append(entries.sort("source_id"), source)
            self._table.compact_when_fragmented(source, COMPACT_AFTER_FILES)

    def note_moved(self, source: str, entries: pl.DataFrame) -> dict[str, set[date]]:
        """Look up which announced ids have versions on other days, and note it on both sides.

        Returns:
            File (SHA-256) → the other days, which have to be looked at again once it is committed.
        """
        if entries.height == 0:
            return {}
        pairs = (
            self._table.scan(source)
            .join(entries.lazy(), on="source_id", suffix="_here")
            .filter(pl.col("day") != pl.col("day_here"))
            .unique()
            .collect(engine="streaming")
        )
        if pairs.height == 0:
            return {}
        there = pairs.select([*VERSION_COLUMNS, "reading"], day=pl.col("day_here"), held_on=pl.col("day"))
        here = pairs.select(
            "source_id",
            *(pl.col(f"{name}_here").alias(name) for name in [*VERSION_ORDER, "reading"]),
            day=pl.col("day"),
            held_on=pl.col("day_here"),
        )
        notes = pl.concat([there, here.select(there.columns)]).unique()
        for (day,), of_day in notes.partition_by("day", as_dict=True).items():
            note = of_day.drop("day")
            buffer = io.BytesIO()
            note.sort(note.columns).write_parquet(buffer)
            name = hashlib.sha256(buffer.getvalue()).hexdigest()
            self._store.put(f"{layout.moved_day(source, day)}/{name}.parquet", buffer.getvalue())
        by_file = pairs.group_by("raw_sha256_here").agg(pl.col("day").unique())
        return {sha256: set(days) for sha256, days in by_file.iter_rows()}

    def elsewhere(self, source: str, day: date) -> pl.DataFrame:
        """Return the newest committed version on *other* days of the records noted on ``day``."""
        folder = layout.moved_day(source, day)
        notes = [
            pl.read_parquet(io.BytesIO(data))
            for name in self._store.names(folder)
            if (data := self._store.get(f"{folder}/{name}"))
        ]
        if not notes:
            return pl.DataFrame(schema=VERSION_COLUMNS)
        all_notes = pl.concat(notes).unique()
        committed = self._committed(source, all_notes.select("raw_sha256", "reading", "held_on").unique().iter_rows())
        # As in the segments, the receipt's time of receipt counts, not that of some interrupted collect.
        live = all_notes.drop("received_at").join(committed, on=["raw_sha256", "reading", "held_on"])
        return newest(live, ["source_id"]).select(VERSION_COLUMNS.names())

    def _committed(self, source: str, held: Iterable[tuple[str, str, date]]) -> pl.DataFrame:
        rows = []
        for sha256, reading, day in held:
            receipt = self._receipts.get(source, sha256)
            if receipt is not None and receipt.version == reading and day.isoformat() in receipt.days:
                rows.append((sha256, reading, day, receipt.received_at))
        schema = {"raw_sha256": pl.String(), "reading": pl.String(), "held_on": pl.Date()}
        return pl.DataFrame(rows, {**schema, "received_at": VERSION_COLUMNS["received_at"]}, orient="row")


def entries_of(records: pl.DataFrame, reading: str) -> pl.DataFrame:
    """Return the index rows of a file's records (``SEGMENT_SCHEMA``): the newest version a day and id."""
    versions = records.filter(pl.col("source_id").is_not_null()).select(
        "source", *VERSION_COLUMNS, day=pl.col("occurred_at").dt.date(), reading=pl.lit(reading)
    )
    return newest(versions, ["source_id", "day"])
