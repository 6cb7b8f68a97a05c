"""Collect: one file becomes an original, segments by day, quarantine and, last, a receipt.

Every step but the receipt may be repeated or interrupted at any moment without effect: all
objects are named by content. The receipt is the commit point.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, islice
from typing import TypeVar

import polars as pl

from complaints_platform.collection.landing import IncomingFile
from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake
from complaints_platform.lake.key_index import ENTRY_COLUMNS, entries_of
from complaints_platform.lake.layout import SegmentName
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.segments import LINEAGE
from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.contract import SourceContract
from complaints_platform.sources.reading import PARSER_VERSION, ReadBatch, Window, read_records

SEGMENT_BYTES = 192 * 2**20
"""Records held in memory before they are split by day: few segments a file, bounded memory."""

Item = TypeVar("Item")

FILES_AT_ONCE = 64
"""Files read before their ids are announced and their receipts written, together."""


class Status(StrEnum):
    """What collecting a file did."""

    COLLECTED = "collected"
    ALREADY = "already collected"
    READ_AGAIN = "read again"
    GROWING = "still growing"
    FAILED = "failed"


@dataclass(frozen=True)
class Collected:
    """What collecting one file did, and the days that have to be looked at because of it."""

    file_name: str
    status: Status
    receipt: Receipt | None = None
    days: frozenset[date] = frozenset()
    error: str = ""

    def describe(self) -> str:
        """Say it in one line."""
        if self.receipt is None:
            return f"{self.file_name}: {self.status}{f' ({self.error})' if self.error else ''}"
        receipt = self.receipt
        if self.status is Status.ALREADY:
            when = f"{receipt.received_at:%Y-%m-%d %H:%M} UTC"
            return f"{self.file_name}: already collected as {receipt.file_name} on {when}"
        return (
            f"{self.file_name}: {self.status}, {receipt.received} received, {sum(receipt.days.values())} read into "
            f"{len(receipt.days)} days, {receipt.filtered} filtered, {receipt.quarantined} quarantined"
        )


@dataclass(frozen=True)
class Collector:
    """Collects the files of one source into a lake."""

    lake: Lake
    source: str
    contract: SourceContract
    first_day: date
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def version(self) -> str:
        """Reading version: what decides how bytes become records."""
        return hashlib.sha256(f"{self.contract.fingerprint} {PARSER_VERSION} {self.first_day}".encode()).hexdigest()[
            :12
        ]

    def collect(self, files: Sequence[IncomingFile], workers: int = 1) -> list[Collected]:
        """Collect some files, ``workers`` at once; return a result for each, in order.

        The same bytes again are a no-op; under a changed contract they are read again. A file
        that changes while it is read is left alone (``Status.GROWING``), one that can't be
        read does not stop the others (``Status.FAILED``, with the reason).

        Raises:
            LakeError: the lake can't be written.
        """
        with ThreadPoolExecutor(max_workers=workers) as pool:
            stored = list(pool.map(self._store, files))
            known = {sha256: self.lake.receipts.get(self.source, sha256) for sha256 in {item.sha256 for item in stored}}
            fresh: dict[str, _Stored] = {}
            for item in stored:
                receipt = known[item.sha256]
                if item.status is None and (receipt is None or receipt.version != self.version):
                    fresh.setdefault(item.sha256, item)
            previous = [known[sha256] for sha256 in fresh]
            done = self._commit(list(pool.map(self._read, fresh.values(), previous, self._arrivals(len(fresh)))))
        return [self._result(item, fresh.get(item.sha256), known[item.sha256], done) for item in stored]

    def read_again(self, receipts: Iterable[Receipt]) -> list[Collected]:
        """Read collected files again from their originals; replace their segments and receipts."""
        read = [
            self._read(_Stored(receipt.file_name, receipt.sha256, receipt.size), receipt, receipt.received_at)
            for receipt in receipts
        ]
        return list(self._commit(read).values())

    def _arrivals(self, count: int) -> list[datetime]:
        """Return distinct times of receipt in the order of the files: of versions without a time the last counts."""
        now = self.clock()
        return [now + timedelta(microseconds=number) for number in range(count)]

    def _store(self, file: IncomingFile) -> "_Stored":
        """Keep the file's bytes, whatever they are."""
        if file.is_folder:
            note = f"{file.name} is a folder, not a file\n".encode()
            return _Stored(file.name, *self.lake.originals.add(io.BytesIO(note)), is_folder=True)
        try:
            before = file.state()
            stream = file.open()
        except (LakeError, OSError) as error:
            return _Stored(file.name, "", 0, Status.FAILED, str(error))
        with stream:
            try:
                sha256, size = self.lake.originals.add(stream)
            except OSError as error:  # of the file: the lake's own errors are LakeErrors, and stop everything
                return _Stored(file.name, "", 0, Status.FAILED, f"{file.name} can't be read: {error.strerror}")
        growing = file.state() != before
        return _Stored(file.name, sha256, size, Status.GROWING if growing else None)

    def _read(self, item: "_Stored", previous: Receipt | None, arrived_at: datetime) -> "_Written":
        """Write the segments and the quarantine of a stored file."""
        received_at = previous.received_at if previous else arrived_at
        written = _Written(self, item, previous, received_at)
        if item.is_folder:
            written.add(_folder_batch(item.name))
        else:
            with self.lake.originals.open(item.sha256) as stream:
                # The window's end is the time of receipt, not of reading: reading again gives the same.
                for batch in read_records(stream, item.name, self.contract, Window(self.first_day, received_at)):
                    written.add(batch)
        written.finish()
        return written

    def _commit(self, batch: Sequence["_Written"]) -> dict[str, Collected]:
        """Announce the ids of some files, note which of them other days hold, and write their receipts."""
        entries = pl.concat(
            [pl.DataFrame(schema=ENTRY_COLUMNS), *(part for written in batch for part in written.entries)]
        )
        self.lake.key_index.announce(self.source, entries)
        moved = self.lake.key_index.note_moved(self.source, entries)
        done = {}
        for written in batch:
            receipt = written.receipt()
            self.lake.receipts.commit(receipt)
            done[receipt.sha256] = Collected(
                written.item.name,
                Status.READ_AGAIN if written.previous else Status.COLLECTED,
                receipt,
                frozenset(written.days_touched() | moved.get(receipt.sha256, set())),
            )
        return done

    def _result(
        self, item: "_Stored", fresh: "_Stored | None", known: Receipt | None, done: Mapping[str, Collected]
    ) -> Collected:
        if item.status is not None:
            return Collected(item.name, item.status, error=item.error)
        if fresh is item:
            return done[item.sha256]
        return Collected(item.name, Status.ALREADY, done[item.sha256].receipt if fresh else known)


@dataclass(frozen=True)
class _Stored:
    """A file whose bytes are in the lake, unless ``status`` says why not."""

    name: str
    sha256: str
    size: int
    status: Status | None = None
    error: str = ""
    is_folder: bool = False


def _folder_batch(name: str) -> ReadBatch:
    detail = f"{name} is a folder, not a file; put the files themselves into the source's folder"
    quarantined = pl.DataFrame(
        [(0, 0, QuarantineReason.UNREADABLE_FILE.value, detail)],
        schema={"record_number": pl.Int64, "line_number": pl.Int64, "reason": pl.String, "detail": pl.String},
        orient="row",
    )
    return ReadBatch(pl.DataFrame(), quarantined, 0)


class _Written:
    """What one reading of a file has written so far. Nothing of it counts before the receipt."""

    def __init__(self, collector: Collector, item: _Stored, previous: Receipt | None, received_at: datetime) -> None:
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


def collect_all(jobs: Sequence[tuple[Collector, IncomingFile]], workers: int) -> Iterator[tuple[Collector, Collected]]:
    """Collect many files of several sources; yield each result in the order given.

    Files of one source are committed some at a time: looking into the key index costs about
    the same for one file as for many.
    """
    for collector, group in groupby(jobs, key=lambda job: job[0]):
        for batch in batched((file for _, file in group), FILES_AT_ONCE):
            for done in collector.collect(batch, workers):
                yield collector, done


def summary(results: Sequence[Collected]) -> str:
    """Say in one line what collecting some files did."""
    if not results:
        return "nothing to collect"
    statuses = Counter(done.status for done in results)
    fresh = [done.receipt for done in results if done.receipt and done.status is not Status.ALREADY]
    files = ", ".join(f"{count} {status}" for status, count in statuses.items())
    received = sum(receipt.received for receipt in fresh)
    kept = sum(sum(receipt.days.values()) for receipt in fresh)
    filtered = sum(receipt.filtered for receipt in fresh)
    quarantined = sum(receipt.quarantined for receipt in fresh)
    plural = "" if len(results) == 1 else "s"
    return (
        f"{len(results)} file{plural}: {files}. "
        f"{received:,} records received = {kept:,} read + {filtered:,} filtered + {quarantined:,} quarantined"
    )


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Split ``items`` into lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
