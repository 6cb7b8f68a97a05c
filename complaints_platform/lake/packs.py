"""Packs: many raw segments of one day in one object, for days that came in thousands of small files.

A pack changes where segments lie, and nothing else: they keep their names, so what is live, and every
fingerprint, stays as it is. A pack is two immutable objects, its rows and after them its description, by which
it counts; which rows are which segment's stands in there. A segment that lies alone (written again since, or
never packed) counts before any pack, and a newer pack before an older one. Which segments are live is
``segments``' business, and when to pack is ``operations.maintenance``'s.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import orjson
import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store

ROWS, DESCRIPTION = ".parquet", ".json"
COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class Packed:
    """One segment in a pack: its rows, and how the object looked that they were read from."""

    offset: int
    rows: int
    seen: str

    def came_from(self, entry: Entry) -> bool:
        """Tell whether this is what lies there still; if not, it was written again after it was packed."""
        return self.seen == look_of(entry)


@dataclass(frozen=True)
class Pack:
    """A pack and its segments, by name."""

    key: str
    segments: Mapping[str, Packed]

    @property
    def rows_key(self) -> str:
        """Key of the Parquet object."""
        return self.key + ROWS

    @property
    def description_key(self) -> str:
        """Key of the object by which the pack counts; it is deleted first."""
        return self.key + DESCRIPTION


@dataclass(frozen=True)
class Piece:
    """A segment on its way into a pack."""

    name: str
    frame: pl.DataFrame
    seen: str


def look_of(entry: Entry) -> str:
    """Return by what it is seen that an object was written again."""
    return f"{entry.size} {entry.modified.isoformat()}"


class Packs:
    """All packs of a lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def days(self, source: str) -> list[date]:
        """Return the days of which the source has packs, in order."""
        return [layout.day_of_folder(name) for name in self._store.names(layout.packed_source(source))]

    def of_day(self, source: str, day: date) -> list[Pack]:
        """Return the packs of a day, the newest first.

        Raises:
            LakeError: a description is damaged.
        """
        folder = layout.packed_day(source, day)
        names = [name for name in self._store.names(folder) if name.endswith(DESCRIPTION)]
        found = [self._get(f"{folder}/{name.removesuffix(DESCRIPTION)}") for name in reversed(names)]
        return [pack for pack in found if pack is not None]

    def write(self, source: str, day: date, pieces: Sequence[Piece], now: datetime) -> Pack:
        """Write segments of a day as a pack."""
        folder = layout.packed_day(source, day)
        segments, offset = {}, 0
        for piece in pieces:
            segments[piece.name] = Packed(offset, piece.frame.height, piece.seen)
            offset += piece.frame.height
        digest = hashlib.sha256("\n".join(segments).encode()).hexdigest()[:16]
        pack = Pack(f"{folder}/{layout.stamp(now, self._store.names(folder))}-{digest}", segments)
        buffer = io.BytesIO()
        rows = pl.concat([piece.frame for piece in pieces], how="diagonal")
        rows.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, statistics=False)
        self._store.put(pack.rows_key, buffer.getvalue())
        self._store.put(pack.description_key, orjson.dumps({name: [p.rows, p.seen] for name, p in segments.items()}))
        return pack

    def read(self, pack: Pack) -> pl.DataFrame:
        """Return all rows of a pack.

        Raises:
            LakeError: it is gone.
        """
        with self._store.open(pack.rows_key) as file:
            return pl.read_parquet(file)

    def _get(self, key: str) -> Pack | None:
        data = self._store.get(key + DESCRIPTION)
        if data is None:
            return None
        segments, offset = {}, 0
        try:
            for name, (rows, seen) in orjson.loads(data).items():
                segments[name] = Packed(offset, rows, seen)
                offset += rows
        except (ValueError, TypeError, AttributeError) as error:
            raise LakeError(f"{key}{DESCRIPTION} is damaged: {error}") from error
        return Pack(key, segments)


def places(packs: Iterable[Pack]) -> dict[str, Pack]:
    """Return segment → the pack to read it from, given the packs of a day, the newest first."""
    found: dict[str, Pack] = {}
    for pack in packs:
        for name in pack.segments:
            found.setdefault(name, pack)
    return found
