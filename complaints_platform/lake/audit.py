"""The audit log: who asked for what, append-only, one immutable object for each batch of entries."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store


class Audit:
    """The audit log of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, entries: Sequence[Mapping[str, Any]], now: datetime | None = None) -> None:
        """Append entries, oldest first, in one object; durable when this returns, ``LakeError`` if that fails."""
        if entries:
            now = now or datetime.now(UTC)
            lines = b"".join(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE) for entry in entries)
            self._store.put(layout.audit(now, uuid.uuid4().hex[:12]), lines)

    def newest(self) -> Iterator[dict[str, Any]]:
        """Yield all entries, the newest first, of one time in any order; ``LakeError`` if an object is damaged."""
        for day in reversed(self._store.names(layout.AUDIT)):
            for name in reversed(self._store.names(f"{layout.AUDIT}/{day}")):
                data = self._store.get(f"{layout.AUDIT}/{day}/{name}") or b""
                try:
                    entries = [orjson.loads(line) for line in data.splitlines()]
                except ValueError as error:
                    raise LakeError(f"{layout.AUDIT}/{day}/{name}: a damaged audit entry: {error}") from error
                yield from reversed(entries)

    def before(self, day: date) -> Iterator[Entry]:
        """Yield the objects written before a day (UTC)."""
        for folder in self._store.names(layout.AUDIT):
            if layout.day_of_folder(folder) < day:
                yield from (each for each in self._store.entries(f"{layout.AUDIT}/{folder}") if not each.is_folder)
