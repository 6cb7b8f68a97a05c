"""Which files of the landing have been collected, as far as the listing can tell.

A file of a listing is known by its *identity*: eight bytes of a hash over its name, size and tag, noted once what the
file held is committed. The index only saves work: whoever is in doubt (a lost or damaged index, a file touched
without a change) reads the file again, and the receipt of its bytes says that nothing is to be done. It grows by eight
bytes a file and forgets files that have left the landing.
"""

import hashlib
import uuid
from array import array
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from complaints_platform.lake import layout
from complaints_platform.lake.store import Entry, Store

MOST_PARTS = 8
"""Objects that the index of a source may consist of before they are merged."""

IDENTITY_BYTES = 8


def identity(entry: Entry) -> int:
    """Return by what (64 bits) an object of a listing is recognised; any change of the object makes another one."""
    seen = f"{entry.key}\0{entry.size}\0{entry.tag}"
    data = seen.encode("utf-8", "surrogateescape")  # senders' file names may be any bytes
    return int.from_bytes(hashlib.blake2b(data, digest_size=IDENTITY_BYTES).digest(), "little")


class Arrivals:
    """The index of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def taken(self, source: str) -> AbstractSet[int]:
        """Return the identities of the collected files of a source."""
        return self._read(source, self._parts(source))

    def note(self, source: str, taken: Iterable[int], listed: Iterable[int]) -> None:
        """Add identities to the index; when it has many parts, merge them and keep those still ``listed``.

        Safe beside others who add: only parts that the merged one holds are deleted.
        """
        parts = self._parts(source)
        identities = set(taken)
        if len(parts) >= MOST_PARTS:
            self._write(source, identities | (self._read(source, parts) & set(listed)))
            for name in parts:
                self._store.delete(f"{layout.arrivals(source)}/{name}")
        elif identities:
            self._write(source, identities)

    def _parts(self, source: str) -> list[str]:
        return self._store.names(layout.arrivals(source))

    def _read(self, source: str, parts: Iterable[str]) -> set[int]:
        found: set[int] = set()
        for name in parts:
            data = self._store.get(f"{layout.arrivals(source)}/{name}") or b""
            found.update(array("Q", data[: len(data) // IDENTITY_BYTES * IDENTITY_BYTES]))
        return found

    def _write(self, source: str, identities: Iterable[int]) -> None:
        self._store.put(f"{layout.arrivals(source)}/{uuid.uuid4().hex}", array("Q", sorted(identities)).tobytes())
