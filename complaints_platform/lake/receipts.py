"""Receipts: the commit point of a file. A file without one has not been collected.

A receipt says what became of every record when the file was read, and which segments are live.
It is replaced when a changed contract makes the file be read again; the segments named only by
older receipts are dead, and nothing reads them.

Before a receipt comes a mark, by which the files of a day are found. The first mark of some files that are committed
together also says which days they touch, so that nobody has to look through all of history. That is a hint, not the
truth, which fingerprints are: a crash can leave a mark too many, but never one too few.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import orjson

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store

DAYS_LOOKED_BACK = 60
"""A source that sent nothing on so many days with files has ended, for all that asks when it sent last."""


@dataclass(frozen=True)
class Receipt:
    """What became of one file. ``received`` = sum of ``days`` + ``filtered`` + ``quarantined``."""

    source: str
    sha256: str
    file_name: str
    size: int
    received_at: datetime
    version: str
    """Reading version: hash of contract and parser version."""
    received: int
    filtered: int
    quarantined: int
    days: dict[str, int]
    """Day of occurrence (ISO) → records in this file's segments of that day."""

    @property
    def received_day(self) -> date:
        """Day (UTC) on which the file was received."""
        return self.received_at.astimezone(UTC).date()

    def to_json(self) -> bytes:
        """Return the receipt as stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> "Receipt":
        """Read a stored receipt; ``LakeError`` if the bytes are none."""
        try:
            fields = orjson.loads(data)
            return cls(**{**fields, "received_at": datetime.fromisoformat(fields["received_at"])})
        except (ValueError, TypeError, KeyError) as error:
            raise LakeError(f"a damaged receipt: {error}") from error


@dataclass(frozen=True)
class Touched:
    """Days that have to be looked at again."""

    days: frozenset[date]
    """Days of occurrence."""
    received: frozenset[date]
    """Days on which files were received."""


class Receipts:
    """All receipts of a lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, source: str, sha256: str) -> Receipt | None:
        """Return the receipt of a file, or None if the file has not been collected."""
        data = self._store.get(layout.receipt(source, sha256))
        return None if data is None else Receipt.from_json(data)

    def of_source(self, source: str) -> list[Receipt]:
        """Return the receipts of all files of a source, in the order of their receipt; for sources of few files."""
        names = self._store.names(f"{layout.RECEIPTS}/{source}")
        found = [self.get(source, name.removesuffix(".json")) for name in names]
        receipts = [receipt for receipt in found if receipt is not None]
        return sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.sha256))

    def commit(self, receipts: Sequence[Receipt], days: Iterable[date], again: Collection[str] = ()) -> None:
        """Write the receipts of some files of one source; from here on these count as collected.

        Args:
            receipts: of the files, at least one.
            days: the days of occurrence that they touch.
            again: SHA-256 of the files that were read again: their marks are there already.
        """
        new = [receipt for receipt in receipts if receipt.sha256 not in again]
        self.mark(receipts[0].source, new, Touched(frozenset(days), frozenset(each.received_day for each in receipts)))
        for receipt in receipts:
            self._store.put(layout.receipt(receipt.source, receipt.sha256), receipt.to_json())

    def mark(self, source: str, receipts: Iterable[Receipt], touched: Touched) -> None:
        """Mark which files are about to be received, and note which days they touch."""
        now = datetime.now(UTC)
        marks = [layout.received_mark(each.received_day, source, now, each.sha256) for each in receipts]
        today = layout.received_mark(now.date(), source, now)
        first = next((mark for mark in marks if mark.startswith(today)), today)
        self._store.put(first, orjson.dumps({"days": sorted(touched.days), "received": sorted(touched.received)}))
        for mark in marks:
            if mark != first:
                self._store.put(mark, b"")

    def touched_since(self, time: datetime) -> Touched:
        """Return all that was noted at ``time`` (UTC) or later."""
        days: set[date] = set()
        received: set[date] = set()
        first = time.astimezone(UTC).strftime(layout.STAMP_FORMAT)
        day, today = time.astimezone(UTC).date(), datetime.now(UTC).date()
        while day <= today:
            for source in self._store.names(layout.received_day(day)):
                folder = f"{layout.received_day(day)}/{source}"
                for mark in self._store.entries(folder, after=f"{folder}/{first}"):
                    if mark.size and (data := self._store.get(mark.key)) is not None:
                        noted = orjson.loads(data)
                        days.update(map(date.fromisoformat, noted["days"]))
                        received.update(map(date.fromisoformat, noted["received"]))
            day += timedelta(days=1)
        return Touched(frozenset(days), frozenset(received))

    def last_received(self, sources: Collection[str]) -> dict[str, datetime]:
        """Return when the last file of each source came (UTC), looking back ``DAYS_LOOKED_BACK`` days that had files.

        Sources that sent nothing for so long are not in it.
        """
        found: dict[str, datetime] = {}
        for day in reversed(self.days()[-DAYS_LOOKED_BACK:]):
            for source in (set(sources) - found.keys()).intersection(self._store.names(layout.received_day(day))):
                marks = self._store.entries(f"{layout.received_day(day)}/{source}")
                times = [mark.modified for mark in marks if layout.file_of_mark(mark.key)]
                if times:
                    found[source] = max(times)
            if len(found) == len(set(sources)):
                break
        return found

    def received_on(self, day: date) -> list[Receipt]:
        """Return the receipts of all files received on ``day`` (UTC), by source, time and hash.

        A collect that was interrupted before midnight and repeated after it leaves marks of
        both days; the receipt says which one counts.
        """
        receipts = [
            receipt
            for source, files in self.marked_on(day).items()
            for sha256 in files
            if (receipt := self.get(source, sha256)) is not None and receipt.received_day == day
        ]
        return sorted(receipts, key=lambda receipt: (receipt.source, receipt.received_at, receipt.sha256))

    def marked_on(self, day: date) -> dict[str, set[str]]:
        """Return source → SHA-256 of the files with a mark of a day (UTC), committed or not."""
        folder = layout.received_day(day)
        marked = {
            source: {layout.file_of_mark(name) for name in self._store.names(f"{folder}/{source}")} - {""}
            for source in self._store.names(folder)
        }
        return {source: files for source, files in marked.items() if files}

    def days(self) -> list[date]:
        """Return the days (UTC) on which files were received, in order."""
        return [date.fromisoformat(name) for name in self._store.names(layout.RECEIVED)]

    def all(self) -> Iterator[Receipt]:
        """Return the receipts of all files, by day received."""
        for day in self.days():
            yield from self.received_on(day)
