"""Bundles: the rows of many small things in one object, with a description of whose they are.

Packs of raw segments are bundles, and so is what was prepared of a growing day. A bundle is two immutable objects:
its rows and, after them, its description, by which it counts. Where several hold the same member the newest counts,
so small bundles are merged by writing another one. When to merge, and what may be deleted, is for those who use them.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store

ROWS, DESCRIPTION = ".parquet", ".json"
COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class Member:
    """Which rows of a bundle are one member's, and how the object looked that they were read from.

    Where nobody needs a member's rows apart, ``rows`` is 0 and ``seen`` is empty.
    """

    offset: int
    rows: int
    seen: str

    def came_from(self, entry: Entry) -> bool:
        """Tell whether this is what lies there still; if not, it was written again since."""
        return self.seen == look_of(entry)


@dataclass(frozen=True)
class Bundle:
    """A bundle, its members by name, and the bytes of its rows."""

    key: str
    members: Mapping[str, Member]
    size: int

    @property
    def rows_key(self) -> str:
        """Key of the Parquet object."""
        return self.key + ROWS

    @property
    def description_key(self) -> str:
        """Key of the object by which the bundle counts; it is deleted first."""
        return self.key + DESCRIPTION

    @property
    def written_at(self) -> datetime:
        """When it was written (UTC), as its name says."""
        return layout.time_of_stamp(self.key.rpartition("/")[2])


def look_of(entry: Entry) -> str:
    """Return what shows that an object was written again."""
    return f"{entry.size} {entry.modified.isoformat()}"


class Bundles:
    """All bundles of one folder."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder

    def all(self) -> list[Bundle]:
        """Return the bundles, the newest first; ``LakeError`` if a description is damaged."""
        sizes = {entry.key: entry.size for entry in self._store.entries(self._folder) if not entry.is_folder}
        keys = [key.removesuffix(DESCRIPTION) for key in sorted(sizes, reverse=True) if key.endswith(DESCRIPTION)]
        found = [self._get(key, sizes.get(key + ROWS, 0)) for key in keys]
        return [bundle for bundle in found if bundle is not None]

    def write(self, members: Mapping[str, tuple[int, str]], rows: pl.DataFrame, now: datetime) -> Bundle:
        """Write a bundle; ``members``: name → how many of ``rows`` are its own, in order, and how its object looked."""
        digest = hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]
        key = f"{self._folder}/{layout.stamp(now, self._store.names(self._folder))}-{digest}"
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, statistics=False)
        bundle = Bundle(key, _placed(members), buffer.tell())
        self._store.put(bundle.rows_key, buffer.getvalue())
        self._store.put(bundle.description_key, orjson.dumps(members))
        return bundle

    def read(self, bundle: Bundle) -> pl.DataFrame:
        """Return all rows of a bundle; ``LakeError`` if it is gone."""
        with self._store.open(bundle.rows_key) as file:
            return pl.read_parquet(file)

    def delete(self, bundle: Bundle) -> None:
        """Delete a bundle; nothing happens if it is gone."""
        self._store.delete(bundle.description_key)
        self._store.delete(bundle.rows_key)

    def _get(self, key: str, size: int) -> Bundle | None:
        data = self._store.get(key + DESCRIPTION)
        if data is None:
            return None
        try:
            return Bundle(key, _placed(orjson.loads(data)), size)
        except (ValueError, TypeError, AttributeError) as error:
            raise LakeError(f"{key}{DESCRIPTION} is damaged: {error}") from error


def _placed(members: Mapping[str, tuple[int, str]]) -> dict[str, Member]:
    placed, offset = {}, 0
    for name, (rows, seen) in members.items():
        placed[name] = Member(offset, rows, seen)
        offset += rows
    return placed


def places(bundles: Iterable[Bundle]) -> dict[str, Bundle]:
    """Return member → the bundle to read it from, given the bundles of a folder, the newest first."""
    found: dict[str, Bundle] = {}
    for bundle in bundles:
        for name in bundle.members:
            found.setdefault(name, bundle)
    return found


def smallest_to_merge(sizes: Sequence[int], most: int) -> set[int]:
    """Return which of some bundles, by their place in ``sizes``, become one if there are more than ``most``.

    A bundle is merged only with others that together are about as large, so each row moves up to a bundle of twice
    the size and is written a logarithmic number of times.
    """
    if len(sizes) <= most:
        return set()
    order = sorted(range(len(sizes)), key=lambda index: sizes[index])
    merged = order[:2]
    for index in order[2:]:
        if len(order) - len(merged) < most and sizes[index] > sum(sizes[each] for each in merged):
            break
        merged.append(index)
    return set(merged)
