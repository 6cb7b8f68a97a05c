"""Files into the lake: what collecting one does, whatever its records are.

A file's bytes are stored, its records written, and last of all its receipt: the commit point. Every
step but the receipt may be repeated or interrupted at any moment without effect: all objects are named
by content.
"""

import hashlib
import io
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, islice
from typing import Any, Generic, Protocol, TypeVar

import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.intake.landing import StoredFile
from complaints_platform.lake import Lake
from complaints_platform.lake.receipts import Receipt
from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import Problem, quarantine_frame
from complaints_platform.sources.contract import FileContract

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


W = TypeVar("W", bound="Written")


@dataclass(frozen=True)
class StoredItem:
    """A file whose bytes are in the lake, unless ``status`` says why not."""

    name: str
    sha256: str
    size: int
    status: Status | None = None
    error: str = ""
    is_folder: bool = False


class Written(Protocol):
    """What one reading of a file has written. Nothing of it counts before the receipt."""

    @property
    def item(self) -> StoredItem:
        """The file."""

    @property
    def previous(self) -> Receipt | None:
        """The receipt of the reading before, if there was one."""

    def receipt(self) -> Receipt:
        """Return the receipt that makes all this count."""

    def days_touched(self) -> set[date]:
        """Return the days whose records change with the receipt."""


class FileCollector(ABC, Generic[W]):
    """Collects the files of one source into a lake; what their records become is for those that inherit."""

    lake: Lake
    source: str
    contract: FileContract
    clock: Callable[[], datetime]

    @property
    @abstractmethod
    def version(self) -> str:
        """Reading version: what decides how bytes become records."""

    @abstractmethod
    def _read(self, item: StoredItem, previous: Receipt | None, arrived_at: datetime) -> W:
        """Write what a stored file holds, and its quarantine."""

    @abstractmethod
    def _index(self, batch: Sequence[W]) -> Mapping[str, set[date]]:
        """Do what has to be done before the receipts; return SHA-256 → further days to be looked at."""

    def collect(self, files: Sequence[StoredFile], workers: int = 1) -> list[Collected]:
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
            fresh: dict[str, StoredItem] = {}
            for item in stored:
                receipt = known[item.sha256]
                if item.status is None and (receipt is None or receipt.version != self.version):
                    fresh.setdefault(item.sha256, item)
            previous = [known[sha256] for sha256 in fresh]
            # Distinct times of receipt in the order of the files: of versions without a time the last counts.
            now = self.clock()
            arrivals = [now + timedelta(microseconds=number) for number in range(len(fresh))]
            done = self._commit(list(pool.map(self._read, fresh.values(), previous, arrivals)))
        return [self._result(item, fresh.get(item.sha256), known[item.sha256], done) for item in stored]

    def read_again(self, receipts: Iterable[Receipt]) -> list[Collected]:
        """Read collected files again from their originals; replace their segments and receipts."""
        read = [
            self._read(StoredItem(receipt.file_name, receipt.sha256, receipt.size), receipt, receipt.received_at)
            for receipt in receipts
        ]
        return list(self._commit(read).values())

    def _store(self, file: StoredFile) -> StoredItem:
        if file.is_folder:
            note = f"{file.name} is a folder, not a file\n".encode()
            return StoredItem(file.name, *self.lake.originals.add(io.BytesIO(note)), is_folder=True)
        try:
            before = file.state()
            stream = file.open()
        except (LakeError, OSError) as error:
            return StoredItem(file.name, "", 0, Status.FAILED, str(error))
        with stream:
            try:
                sha256, size = self.lake.originals.add(stream)
            except OSError as error:  # of the file: the lake's own errors are LakeErrors, and stop everything
                return StoredItem(file.name, "", 0, Status.FAILED, f"{file.name} can't be read: {error.strerror}")
        growing = file.state() != before
        return StoredItem(file.name, sha256, size, Status.GROWING if growing else None)

    def _commit(self, batch: Sequence[W]) -> dict[str, Collected]:
        moved = self._index(batch)
        receipts = [written.receipt() for written in batch]
        done = {
            receipt.sha256: Collected(
                written.item.name,
                Status.READ_AGAIN if written.previous else Status.COLLECTED,
                receipt,
                frozenset(written.days_touched() | moved.get(receipt.sha256, set())),
            )
            for written, receipt in zip(batch, receipts, strict=True)
        }
        if receipts:
            days = {day for collected in done.values() for day in collected.days}
            self.lake.receipts.commit(receipts, days, {each.item.sha256 for each in batch if each.previous})
        return done

    def _result(
        self, item: StoredItem, fresh: StoredItem | None, known: Receipt | None, done: Mapping[str, Collected]
    ) -> Collected:
        if item.status is not None:
            return Collected(item.name, item.status, error=item.error)
        if fresh is item:
            return done[item.sha256]
        return Collected(item.name, Status.ALREADY, done[item.sha256].receipt if fresh else known)


def folder_problem(name: str) -> pl.DataFrame:
    """Say (``batches.QUARANTINE_SCHEMA``) that a folder stands where a file was to be expected."""
    detail = f"{name} is a folder, not a file; put the files themselves into the source's folder"
    return quarantine_frame([Problem(0, 0, QuarantineReason.UNREADABLE_FILE, detail)])


def collect_all(
    jobs: Sequence[tuple[FileCollector[Any], StoredFile]], workers: int
) -> Iterator[tuple[FileCollector[Any], Collected]]:
    """Collect many files of several sources; yield each result in the order given.

    Files of one source are committed some at a time: a look into the key index costs about the same for one as for
    many.
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
    files = ", ".join(f"{count} {status}" for status, count in statuses.items())
    records = Counter[str]()
    for done in results:
        if done.receipt and done.status is not Status.ALREADY:
            receipt = done.receipt
            records.update(received=receipt.received, filtered=receipt.filtered, quarantined=receipt.quarantined)
            records.update(read=sum(receipt.days.values()))
    return (
        f"{len(results)} file{'' if len(results) == 1 else 's'}: {files}. {records['received']:,} records received = "
        f"{records['read']:,} read + {records['filtered']:,} filtered + {records['quarantined']:,} quarantined"
    )


def reading_version(*parts: object) -> str:
    """Return a reading version (12 hex digits) made of all that decides how bytes become records."""
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:12]


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Split ``items`` into lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
