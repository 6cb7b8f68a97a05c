"""Reports as they were sent: immutable pages, each beside the numbers in it.

A report that is made again for the same day becomes another one: what people were sent stays as it was.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import orjson

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store

PAGE, NUMBERS = ".html", ".json"


@dataclass(frozen=True, order=True)
class StoredReport:
    """One report."""

    kind: str
    """``daily`` or ``weekly``."""
    day: date
    """The last day it is about."""
    name: str
    """Sorts by when it was made; equal pages of a day have one."""

    @property
    def made_at(self) -> datetime:
        """When it was made (UTC)."""
        return _made_at(self.name)


class Reports:
    """The reports of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, kind: str, day: date, page: str, numbers: dict[str, object]) -> StoredReport:
        """Keep a report, unless the day's newest is the very same page, and return it; ``LakeError`` if that fails."""
        digest = hashlib.sha256(page.encode()).hexdigest()[:16]
        names = [report.name for report in self.of_day(kind, day)]
        if names and names[-1].endswith(f"-{digest}"):
            return StoredReport(kind, day, names[-1])
        report = StoredReport(kind, day, f"{layout.stamp(datetime.now(UTC), names)}-{digest}")
        # The page last: a report is there when its page is.
        self._store.put(self._key(report, NUMBERS), orjson.dumps(numbers, option=orjson.OPT_INDENT_2))
        self._store.put(self._key(report, PAGE), page.encode())
        return report

    def of_day(self, kind: str, day: date) -> list[StoredReport]:
        """Return all reports of a day, the newest last."""
        folder = layout.reports(kind, day)
        names = sorted(name for name in self._store.names(folder) if name.endswith(PAGE))
        return [StoredReport(kind, day, name.removesuffix(PAGE)) for name in names]

    def all(self, kinds: Sequence[str]) -> list[StoredReport]:
        """Return the newest report of each day, the latest day first."""
        found = [
            self.of_day(kind, layout.day_of_folder(folder))[-1:]
            for kind in kinds
            for folder in self._store.names(f"{layout.REPORTS}/{kind}")
        ]
        return sorted((report for of_day in found for report in of_day), key=lambda each: (each.day, each.kind))[::-1]

    def page(self, report: StoredReport) -> str:
        """Return a report's page; ``LakeError`` if there is none."""
        return self._get(report, PAGE).decode()

    def numbers(self, report: StoredReport) -> dict[str, object]:
        """Return the numbers of a report; ``LakeError`` if there is none."""
        numbers: dict[str, object] = orjson.loads(self._get(report, NUMBERS))
        return numbers

    def before(self, day: date) -> Iterator[Entry]:
        """Yield the objects of reports made before a day (UTC); the pages first: without one, there is no report."""
        made = [
            entry
            for entry in self._store.entries(layout.REPORTS)
            if not entry.is_folder and _made_at(entry.key).date() < day
        ]
        yield from sorted(made, key=lambda entry: (not entry.key.endswith(PAGE), entry.key))

    def _get(self, report: StoredReport, suffix: str) -> bytes:
        data = self._store.get(self._key(report, suffix))
        if data is None:
            raise LakeError(f"there is no {report.kind} report {report.name} of {report.day}")
        return data

    @staticmethod
    def _key(report: StoredReport, suffix: str) -> str:
        return f"{layout.reports(report.kind, report.day)}/{report.name}{suffix}"


def _made_at(name: str) -> datetime:
    return layout.time_of_stamp(name.rsplit("/", 1)[-1].rsplit("-", 1)[0])
