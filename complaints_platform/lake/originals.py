"""Originals: every file as it was received, byte for byte, named by its hash."""

import hashlib
import uuid
from collections.abc import Iterator
from typing import BinaryIO

from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store, blocks_of


class Originals:
    """The originals of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, stream: BinaryIO) -> tuple[str, int]:
        """Store what ``stream`` holds, in one pass; return its SHA-256 (hex) and size in bytes."""
        digest = hashlib.sha256()
        size = 0

        def hashed() -> Iterator[bytes]:
            nonlocal size
            for block in blocks_of(stream):
                digest.update(block)
                size += len(block)
                yield block

        incoming = layout.incoming(uuid.uuid4().hex)
        self._store.put(incoming, hashed())
        try:
            sha256 = digest.hexdigest()
            if self._store.stat(layout.original(sha256)) is None:
                self._store.move(incoming, layout.original(sha256))
        finally:
            self._store.delete(incoming)
        return sha256, size

    def exists(self, sha256: str) -> bool:
        """Tell whether there is such an original."""
        return self._store.stat(layout.original(sha256)) is not None

    def incoming(self) -> Iterator[Entry]:
        """List what is being received just now, and what collects that were killed have left of it."""
        return (entry for entry in self._store.entries(layout.INCOMING) if not entry.is_folder)

    def open(self, sha256: str) -> BinaryIO:
        """Open an original for reading; ``LakeError`` if there is none."""
        return self._store.open(layout.original(sha256))
