"""Collect complaints: one file becomes an original, segments by day, quarantine and, last, a receipt."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl

from complaints_platform.intake.files import FileCollector, StoredItem, folder_problem, reading_version
from complaints_platform.lake import Lake
from complaints_platform.lake.key_index import ENTRY_COLUMNS, entries_of
from complaints_platform.lake.layout import SegmentName
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.segments import LINEAGE
from complaints_platform.sources.contract import SourceContract
from complaints_platform.sources.reading import PARSER_VERSION, ReadBatch, Window, read_records

SEGMENT_BYTES = 192 * 2**20
"""Records held in memory before they are split by day: few segments a file, bounded memory."""


@dataclass(frozen=True)
class Collector(FileCollector["_Written"]):
    """Collects complaints: a file becomes segments by day of occurrence."""

    lake: Lake
    source: str
    contract: SourceContract
    first_day: date
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def version(self) -> str:
        """Reading version: contract, parser and first day of history."""
        return reading_version(self.contract.fingerprint, PARSER_VERSION, self.first_day)

    def _read(self, item: StoredItem, previous: Receipt | None, arrived_at: datetime) -> "_Written":
        received_at = previous.received_at if previous else arrived_at
        written = _Written(self, item, previous, received_at)
        if item.is_folder:
            written.add(ReadBatch(pl.DataFrame(), folder_problem(item.name), 0))
        else:
            with self.lake.originals.open(item.sha256) as stream:
                # The window's end is the time of receipt, not of reading: reading again gives the same.
                for batch in read_records(stream, item.name, self.contract, Window(self.first_day, received_at)):
                    written.add(batch)
        written.finish()
        return written

    def _index(self, batch: Sequence["_Written"]) -> Mapping[str, set[date]]:
        """Announce the ids of some files, and note which of them other days hold."""
        entries = pl.concat(
            [pl.DataFrame(schema=ENTRY_COLUMNS), *(part for written in batch for part in written.entries)]
        )
        self.lake.key_index.announce(self.source, entries)
        return self.lake.key_index.note_moved(self.source, entries)


class _Written:
    """What one reading of a file has written so far. Nothing of it counts before the receipt."""

    def __init__(self, collector: Collector, item: StoredItem, previous: Receipt | None, received_at: datetime) -> None:
        self.item = item
        self.previous = previous
        self.entries: list[pl.DataFrame] = []
        self._collector = collector
        self._received_at = received_at
        self._pending: list[pl.DataFrame] = []
        self._pending_bytes = 0
        self._quarantined: list[pl.DataFrame] = []
        self._days: Counter[date] = Counter()
        self._segments = 0
        self._filtered = 0

    def add(self, batch: ReadBatch) -> None:
        """Take the next batch; write segments when enough has come together."""
        self._filtered += batch.filtered
        if batch.quarantined.height:
            self._quarantined.append(batch.quarantined)
        if batch.records.height:
            self._pending.append(batch.records)
            self._pending_bytes += int(batch.records.estimated_size())
        if self._pending_bytes >= SEGMENT_BYTES:
            self._write_segments()

    def finish(self) -> None:
        """Write what is pending, and the quarantine."""
        self._write_segments()
        if self._quarantined:
            collector = self._collector
            quarantined = pl.concat(self._quarantined)
            collector.lake.quarantine.write(collector.source, self.item.sha256, collector.version, quarantined)

    def receipt(self) -> Receipt:
        """Return the receipt that makes all this count."""
        quarantined = sum(part.height for part in self._quarantined)
        return Receipt(
            source=self._collector.source,
            sha256=self.item.sha256,
            file_name=self.previous.file_name if self.previous else self.item.name,
            size=self.item.size,
            received_at=self._received_at,
            version=self._collector.version,
            received=sum(self._days.values()) + self._filtered + quarantined,
            filtered=self._filtered,
            quarantined=quarantined,
            days={day.isoformat(): rows for day, rows in sorted(self._days.items())},
        )

    def days_touched(self) -> set[date]:
        """Return the days whose records change with the receipt: those of now and of the reading before."""
        before = {date.fromisoformat(day) for day in self.previous.days} if self.previous else set()
        return before | set(self._days)

    def _write_segments(self) -> None:
        if not self._pending:
            return
        collector = self._collector
        records = pl.concat(self._pending).with_columns(
            source=pl.lit(collector.source),
            raw_sha256=pl.lit(self.item.sha256),
            received_at=pl.lit(self._received_at, LINEAGE["received_at"]),
        )
        self._pending, self._pending_bytes = [], 0
        name = SegmentName(self.item.sha256, collector.version, self._segments)
        self._segments += 1
        by_day = records.with_columns(_day=pl.col("occurred_at").dt.date()).partition_by(
            "_day", as_dict=True, include_key=False
        )
        for (day,), of_day in by_day.items():
            collector.lake.segments.write(day, name, of_day)
            self._days[day] += of_day.height
        entries = entries_of(records, collector.version)
        if entries.height:
            self.entries.append(entries.select(ENTRY_COLUMNS.names()))
