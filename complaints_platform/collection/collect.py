"""Collect: one file becomes an original, segments by day, quarantine and, last, a receipt.

Every step but the receipt may be repeated or interrupted at any moment without effect: all
objects are named by content. The receipt is the commit point.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import BinaryIO

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

    def collect(self, file: IncomingFile) -> Collected:
        """Collect one file. The same bytes again are a no-op; under a changed contract they are read again.

        A file that changes while it is read is left alone (``Status.GROWING``).

        Raises:
            LakeError: the file or the lake can't be read or written.
        """
        if file.is_folder:
            return self._collect_folder(file)
        before = file.state()
        with file.open() as stream:
            sha256, size = self.lake.originals.add(stream)
        if file.state() != before:
            return Collected(file.name, Status.GROWING)
        return self._commit(file.name, sha256, size, self._read)

    def read_again(self, receipt: Receipt) -> Collected:
        """Read a collected file again from its original and replace its segments and receipt."""
        return self._replace(receipt.file_name, receipt.sha256, receipt.size, receipt, self._read)

    def _collect_folder(self, file: IncomingFile) -> Collected:
        note = f"{file.name} is a folder, not a file\n".encode()
        sha256, size = self.lake.originals.add(io.BytesIO(note))
        return self._commit(file.name, sha256, size, _read_folder)

    def _commit(self, name: str, sha256: str, size: int, read: "Reader") -> Collected:
        previous = self.lake.receipts.get(self.source, sha256)
        if previous is not None and previous.version == self.version:
            return Collected(name, Status.ALREADY, previous)
        return self._replace(name, sha256, size, previous, read)

    def _replace(self, name: str, sha256: str, size: int, previous: Receipt | None, read: "Reader") -> Collected:
        received_at = previous.received_at if previous else self.clock()
        written = _Written(self, sha256, received_at)
        with self.lake.originals.open(sha256) as stream:
            for batch in read(stream, name, received_at):
                written.add(batch)
        written.finish()
        receipt = Receipt(
            source=self.source,
            sha256=sha256,
            file_name=previous.file_name if previous else name,
            size=size,
            received_at=received_at,
            version=self.version,
            received=sum(written.days.values()) + written.filtered + written.quarantined,
            filtered=written.filtered,
            quarantined=written.quarantined,
            days={day.isoformat(): rows for day, rows in sorted(written.days.items())},
            segments=written.segments,
        )
        self.lake.receipts.commit(receipt)
        old_days = {date.fromisoformat(day) for day in previous.days} if previous else set()
        return Collected(
            name,
            Status.READ_AGAIN if previous else Status.COLLECTED,
            receipt,
            frozenset(old_days | set(written.days) | written.moved),
        )

    def _read(self, stream: BinaryIO, name: str, received_at: datetime) -> Iterator[ReadBatch]:
        # The window's end is the time of receipt, not of reading: reading again gives the same.
        return read_records(stream, name, self.contract, Window(self.first_day, received_at))


Reader = Callable[[BinaryIO, str, datetime], Iterator[ReadBatch]]


def _read_folder(_stream: BinaryIO, name: str, _received_at: datetime) -> Iterator[ReadBatch]:
    detail = f"{name} is a folder, not a file; put the files themselves into the source's folder"
    reason = QuarantineReason.UNREADABLE_FILE.value
    quarantined = pl.DataFrame(
        [(0, 0, reason, detail)],
        schema={"record_number": pl.Int64, "line_number": pl.Int64, "reason": pl.String, "detail": pl.String},
        orient="row",
    )
    yield ReadBatch(pl.DataFrame(), quarantined, 0)


class _Written:
    """What one reading of a file has written so far. Nothing of it counts before the receipt."""

    def __init__(self, collector: Collector, sha256: str, received_at: datetime) -> None:
        self._collector = collector
        self._sha256 = sha256
        self._received_at = received_at
        self._pending: list[pl.DataFrame] = []
        self._pending_bytes = 0
        self._entries: list[pl.DataFrame] = []
        self._quarantined: list[pl.DataFrame] = []
        self.days: Counter[date] = Counter()
        self.moved: set[date] = set()
        self.segments = 0
        self.filtered = 0
        self.quarantined = 0

    def add(self, batch: ReadBatch) -> None:
        """Take the next batch; write segments when enough has come together."""
        self.filtered += batch.filtered
        self.quarantined += batch.quarantined.height
        if batch.quarantined.height:
            self._quarantined.append(batch.quarantined)
        if batch.records.height:
            self._pending.append(batch.records)
            self._pending_bytes += batch.records.estimated_size()
        if self._pending_bytes >= SEGMENT_BYTES:
            self._write_segments()

    def finish(self) -> None:
        """Write what is pending, then announce the ids and note which of them other days hold."""
        collector = self._collector
        self._write_segments()
        if self._quarantined:
            collector.lake.quarantine.write(
                collector.source, self._sha256, collector.version, pl.concat(self._quarantined)
            )
        if self._entries:
            entries = pl.concat(self._entries)
            collector.lake.key_index.announce(collector.source, entries)
            self.moved = collector.lake.key_index.note_moved(collector.source, entries)

    def _write_segments(self) -> None:
        if not self._pending:
            return
        collector = self._collector
        records = pl.concat(self._pending).with_columns(
            source=pl.lit(collector.source),
            raw_sha256=pl.lit(self._sha256),
            received_at=pl.lit(self._received_at, LINEAGE["received_at"]),
        )
        self._pending, self._pending_bytes = [], 0
        name = SegmentName(self._sha256, collector.version, self.segments)
        self.segments += 1
        by_day = records.with_columns(_day=pl.col("occurred_at").dt.date()).partition_by(
            "_day", as_dict=True, include_key=False
        )
        for (day,), of_day in by_day.items():
            if not isinstance(day, date):
                raise LakeError(f"{self._sha256}: a record without a day")
            collector.lake.segments.write(day, name, of_day)
            self.days[day] += of_day.height
        entries = entries_of(records, collector.version)
        if entries.height:
            self._entries.append(entries.select(ENTRY_COLUMNS.names()))


def collect_all(jobs: Sequence[tuple[Collector, IncomingFile]], workers: int) -> Iterable[tuple[Collector, Collected]]:
    """Collect many files, ``workers`` at once; yield each result in the order given.

    A file that fails does not stop the others: its result says ``Status.FAILED`` and why, and
    the file stays where it is for the next time.
    """

    def attempt(job: tuple[Collector, IncomingFile]) -> tuple[Collector, Collected]:
        collector, file = job
        try:
            return collector, collector.collect(file)
        except (LakeError, OSError) as error:
            return collector, Collected(file.name, Status.FAILED, error=str(error))

    with ThreadPoolExecutor(max_workers=workers) as pool:
        yield from pool.map(attempt, jobs)
