"""The journal: which days collecting files has touched, so that nobody has to look through all of history.

It is a hint, not the truth: fingerprints are. A mark is written before the receipts that it speaks of, so a
crash can leave a mark too many, but never one too few.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import orjson

from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store


@dataclass(frozen=True)
class Touched:
    """Days that have to be looked at again."""

    days: frozenset[date]
    """Days of occurrence."""
    received: frozenset[date]
    """Days on which files were received."""


class Journal:
    """The journal of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, days: Iterable[date], received: Iterable[date]) -> None:
        """Note what the receipts that come next will touch."""
        now = datetime.now(UTC)
        entry = {"days": sorted(set(days)), "received": sorted(set(received))}
        name = f"{now.strftime(layout.STAMP_FORMAT)}-{uuid.uuid4().hex[:8]}"
        self._store.put(f"{layout.journal_day(now.date())}/{name}.json", orjson.dumps(entry))

    def before(self, day: date) -> Iterator[Entry]:
        """Return what was noted before a day (UTC)."""
        for name in self._store.names(layout.JOURNAL):
            if date.fromisoformat(name) < day:
                yield from (entry for entry in self._store.entries(f"{layout.JOURNAL}/{name}") if not entry.is_folder)

    def since(self, time: datetime) -> Touched:
        """Return all that was noted at ``time`` (UTC) or later; it costs what was noted since that day began."""
        first = time.astimezone(UTC).strftime(layout.STAMP_FORMAT)
        days: set[date] = set()
        received: set[date] = set()
        day, today = time.astimezone(UTC).date(), datetime.now(UTC).date()
        while day <= today:
            folder = layout.journal_day(day)
            for name in self._store.names(folder):
                if name >= first and (data := self._store.get(f"{folder}/{name}")) is not None:
                    entry = orjson.loads(data)
                    days.update(map(date.fromisoformat, entry["days"]))
                    received.update(map(date.fromisoformat, entry["received"]))
            day += timedelta(days=1)
        return Touched(frozenset(days), frozenset(received))
