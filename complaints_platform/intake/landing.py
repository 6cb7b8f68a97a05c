"""The landing: which files senders have dropped, and which of them to leave alone."""

import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from complaints_platform.errors import LakeError
from complaints_platform.intake.waiting import LandingState
from complaints_platform.lake import Lake
from complaints_platform.lake.arrivals import identity
from complaints_platform.lake.store import Entry, LocalStore, ObjectStore, Store, open_store

UNFINISHED_SUFFIXES = (".tmp", ".part")
LISTED_PER_TICK = 50_000
"""Files that a tick lists; the next goes on from there. About half a second."""

DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".parquet", ".xlsx", ".gz", ".zst")


@dataclass(frozen=True)
class StoredFile:
    """A file below a store: the landing's, or one that somebody named on the command line."""

    store: Store
    key: str
    name: str
    is_folder: bool = False

    def open(self) -> BinaryIO:
        """Open its bytes."""
        return self.store.open(self.key)

    def state(self) -> tuple[int, float] | None:
        """Size and time of change; None if it is gone. A file that changes is still growing."""
        entry = self.store.stat(self.key)
        return None if entry is None else (entry.size, entry.modified.timestamp())


@dataclass(frozen=True)
class LandedFile(StoredFile):
    """A file of the landing as a listing showed it."""

    source: str = ""
    changed: float = 0.0
    """When it was changed last, in seconds since 1970."""
    identity: int = 0
    """By what it is recognised (``lake.arrivals``)."""


@dataclass(frozen=True)
class Look:
    """What a look at the landing of one source showed."""

    waiting: list[LandedFile]
    """Files that are not collected yet, by key, without unfinished ones."""
    listed: list[int]
    """Identities of everything that was listed."""
    next: str
    """Key behind which the next look goes on; empty if nothing is left."""


class Landing:
    """The landing at one URI, one folder a source."""

    def __init__(self, uri: str) -> None:
        self._store = open_store(uri)

    @property
    def uri(self) -> str:
        """Root of the landing."""
        return self._store.uri

    @property
    def shows_whole_files_only(self) -> bool:
        """A file is there once it has all its bytes, as in an object store; in a folder one sees it grow."""
        return isinstance(self._store, ObjectStore)

    def files(self, source: str) -> Iterator[LandedFile]:
        """Yield the files that wait or have waited for ``source``, by key; unfinished ones are left out."""
        for entry, relative in _wanted(self._store.entries(source), f"{source}/"):
            yield self._file(source, entry, relative, identity(entry))

    def look(self, source: str, taken: AbstractSet[int], after: str = "", most: int | None = None) -> Look:
        """Look which files of ``source`` wait: those with an identity that is not ``taken``, behind a key ``after``.

        ``most`` bounds how many are listed; the next look goes on from there.
        """
        waiting, listed, last = [], [], ""
        for entry in islice(self._store.entries(source, after), most):
            last = entry.key
            known_by = identity(entry)
            listed.append(known_by)
            if known_by not in taken:
                waiting += [self._file(source, entry, name, known_by) for _, name in _wanted([entry], f"{source}/")]
        return Look(waiting, listed, last if len(listed) == most else "")

    def _file(self, source: str, entry: Entry, relative: str, known_by: int) -> LandedFile:
        changed = entry.modified.timestamp()
        return LandedFile(self._store, entry.key, _readable(relative), entry.is_folder, source, changed, known_by)


def files_at(paths: Iterable[Path]) -> Iterator[StoredFile]:
    """Return the files that ``paths`` name: files as they are, folders with all files below them.

    Raises:
        LakeError: a path does not exist.
    """
    for path in paths:
        if not path.exists():
            raise LakeError(f"{path} does not exist")
        store = LocalStore(path.parent)
        if path.is_dir() and not _looks_like_a_file(path.name):
            inside = LocalStore(path)
            for entry, relative in _wanted(inside.entries("."), ""):
                yield StoredFile(inside, entry.key, _readable(relative), entry.is_folder)
        else:
            yield StoredFile(store, path.name, _readable(path.name), is_folder=path.is_dir())


def _wanted(entries: Iterable[Entry], root: str) -> Iterator[tuple[Entry, str]]:
    """Yield what may be collected, with its name below ``root``."""
    for entry in entries:
        relative = entry.key.removeprefix(root)
        hidden = relative.startswith(".") or "/." in relative or relative.endswith(UNFINISHED_SUFFIXES)
        if not hidden and (not entry.is_folder or _looks_like_a_file(relative)):
            yield entry, relative


def _readable(name: str) -> str:
    """Return valid text: file systems take any bytes, receipts and tables only UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def _looks_like_a_file(name: str) -> bool:
    return name.lower().endswith(DATA_SUFFIXES)


def look_on(
    landing: Landing, lake: Lake, sources: Sequence[str], state: LandingState
) -> tuple[list[LandedFile], LandingState]:
    """Continue where the previous tick stopped, up to the end of the last source; return the waiting files."""
    waiting: list[LandedFile] = []
    left, after = LISTED_PER_TICK, state.after
    for source in sources[sources.index(state.source) if state.source in sources else 0 :]:
        look = landing.look(source, lake.arrivals.taken(source), after, left)
        waiting += look.waiting
        left, after = left - len(look.listed), look.next
        if left <= 0:
            return waiting, replace(state, source=source, after=after)
    return waiting, replace(state, source="", after="")
