"""Receipts: the commit point of a file. A file without one has not been collected.

A receipt says what became of every record when the file was read, and which segments are live.
It is replaced when a changed contract makes the file be read again; the segments named only by
older receipts are dead, and nothing reads them.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

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
        """Read a stored receipt.

        Raises:
            LakeError: the bytes are no receipt.
        """
        try:
            fields = orjson.loads(data)
            return cls(**{**fields, "received_at": datetime.fromisoformat(fields["received_at"])})
        except (ValueError, TypeError, KeyError) as error:
            raise LakeError(f"a damaged receipt: {error}") from error


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
        names = self._store.names(layout.receipts_of(source))
        found = [self.get(source, name.removesuffix(".json")) for name in names]
        receipts = [receipt for receipt in found if receipt is not None]
        return sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.sha256))

    def commit(self, receipt: Receipt) -> None:
        """Write the receipt; from here on the file counts as collected.

        The mark of its day comes first: a mark without a receipt is ignored, a receipt
        without a mark would be invisible to the reconciliation.
        """
        self._store.put(layout.received_mark(receipt.received_day, receipt.source, receipt.sha256), b"")
        self._store.put(layout.receipt(receipt.source, receipt.sha256), receipt.to_json())

    def last_received(self, sources: Collection[str]) -> dict[str, datetime]:
        """Return when the last file of each source came (UTC), looking back ``DAYS_LOOKED_BACK`` days that had files.

        Sources that sent nothing for so long are not in it.
        """
        found: dict[str, datetime] = {}
        for day in reversed(self.days()[-DAYS_LOOKED_BACK:]):
            for source in (set(sources) - found.keys()).intersection(self._store.names(layout.received_day(day))):
                marks = self._store.entries(f"{layout.received_day(day)}/{source}")
                times = [mark.modified for mark in marks if not mark.is_folder]
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
        folder = layout.received_day(day)
        receipts = [
            receipt
            for source in self._store.names(folder)
            for sha256 in self._store.names(f"{folder}/{source}")
            if (receipt := self.get(source, sha256)) is not None and receipt.received_day == day
        ]
        return sorted(receipts, key=lambda receipt: (receipt.source, receipt.received_at, receipt.sha256))

    def days(self) -> list[date]:
        """Return the days (UTC) on which files were received, in order."""
        return [date.fromisoformat(name) for name in self._store.names("received")]

    def all(self) -> Iterator[Receipt]:
        """Return the receipts of all files, by day received."""
        for day in self.days():
            yield from self.received_on(day)
