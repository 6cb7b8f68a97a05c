"""Which data keys a lake was built with: their versions and fingerprints, never the keys.

A key that changes without anybody saying so would split every customer in two; that is refused here.
"""

import io
from typing import NamedTuple

import polars as pl

from complaints_platform.errors import SettingsError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store


class KnownKey(NamedTuple):
    """What a lake keeps of a data key: enough to tell what was made under it, not to make anything."""

    version: int
    fingerprint: str


class DataKeys:
    """The data keys of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def versions(self) -> dict[int, str]:
        """Return version → fingerprint of each key that was ever used."""
        names = self._store.names(layout.KEYS)
        found = {int(name.removesuffix(layout.KEY_SUFFIX)): name for name in names if name.endswith(layout.KEY_SUFFIX)}
        return {
            version: (self._store.get(f"{layout.KEYS}/{name}") or b"").decode()
            for version, name in sorted(found.items())
        }

    def newest(self) -> KnownKey | None:
        """Return the key in force; None in a lake that was never written to."""
        known = self.versions()
        return KnownKey(max(known), known[max(known)]) if known else None

    def add(self, version: int, fingerprint: str) -> None:
        """Note that a key is used from now on."""
        self._store.put(layout.data_key(version), fingerprint.encode())

    def keep_places(self, version: int, places: pl.DataFrame) -> None:
        """Keep where complaints stand whose ids will change with a key (complaint_id, raw_sha256, record_number)."""
        buffer = io.BytesIO()
        places.write_parquet(buffer)
        self._store.put(layout.places_before(version), buffer.getvalue())

    def forget_places(self, version: int) -> None:
        """Delete what ``keep_places`` kept."""
        self._store.delete(layout.places_before(version))

    def has_places(self, version: int) -> bool:
        """Tell whether ``keep_places`` was done for a key."""
        return self._store.stat(layout.places_before(version)) is not None

    def places(self, version: int) -> pl.DataFrame:
        """Return what ``keep_places`` kept; ``LakeError`` if nothing was."""
        with self._store.open(layout.places_before(version)) as file:
            return pl.read_parquet(file)

    def check(self, version: int, fingerprint: str) -> None:
        """Make sure that a key may be used: it is the newest that the lake knows, or the lake's first.

        Raises:
            SettingsError: it is another one; the message says what to do.
        """
        known = self.versions()
        if not known or (version == max(known) and known[version] == fingerprint):
            return
        if version == max(known):
            raise SettingsError(
                f"COMPLAINTS_DATA_KEY is not the key that this lake was built with as version {version}: restore it, "
                "or, to replace it, also raise COMPLAINTS_DATA_KEY_VERSION and run: complaints rekey"
            )
        if version in known:
            raise SettingsError(
                f"COMPLAINTS_DATA_KEY_VERSION is {version}, but this lake was rekeyed to version {max(known)} since"
            )
        raise SettingsError(
            f"COMPLAINTS_DATA_KEY_VERSION is {version}, but this lake was built with version {max(known)}: "
            "to replace the key in all data, run: complaints rekey"
        )
