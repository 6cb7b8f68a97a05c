"""The landing: which files senders have dropped, and which of them to leave alone."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from complaints_platform.errors import LakeError
from complaints_platform.lake.store import Entry, LocalStore, Store, open_store

UNFINISHED_SUFFIXES = (".tmp", ".part")
DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".parquet", ".xlsx", ".gz", ".zst")


class IncomingFile(Protocol):
    """A file to be collected, wherever it lies."""

    @property
    def name(self) -> str:
        """Name under which it is received."""

    @property
    def is_folder(self) -> bool:
        """It is a folder where a file was to be expected."""

    def open(self) -> BinaryIO:
        """Open its bytes."""

    def state(self) -> tuple[int, float] | None:
        """Size and time of change; None if it is gone. A file that changes is still growing."""


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
        """Size and time of change."""
        entry = self.store.stat(self.key)
        return None if entry is None else (entry.size, entry.modified.timestamp())


class Landing:
    """The landing at one URI, one folder a source."""

    def __init__(self, uri: str) -> None:
        self._store = open_store(uri)

    @property
    def uri(self) -> str:
        """Root of the landing."""
        return self._store.uri

    def files(self, source: str) -> list[StoredFile]:
        """Return the files that wait or have waited for ``source``, by name; unfinished ones are left out."""
        return sorted(_wanted(self._store, self._store.entries(source), source), key=lambda file: file.name)


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
            yield from sorted(_wanted(inside, inside.entries("."), "."), key=lambda file: file.name)
        else:
            yield StoredFile(store, path.name, _readable(path.name), is_folder=path.is_dir())


def _wanted(store: Store, entries: Iterable[Entry], root: str) -> Iterator[StoredFile]:
    for entry in entries:
        relative = PurePosixPath(entry.key).relative_to(root)
        if any(part.startswith(".") for part in relative.parts) or relative.name.endswith(UNFINISHED_SUFFIXES):
            continue
        if entry.is_folder and not _looks_like_a_file(relative.name):
            continue
        yield StoredFile(store, entry.key, _readable(str(relative)), entry.is_folder)


def _readable(name: str) -> str:
    """Return the name as valid text: file systems take any bytes, receipts and tables only UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def _looks_like_a_file(name: str) -> bool:
    return name.lower().endswith(DATA_SUFFIXES)
