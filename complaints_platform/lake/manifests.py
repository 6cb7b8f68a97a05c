"""Manifests: which versions of all tables belong together, one small immutable object each.

Readers take the newest manifest and read every table in the version that it names; so what is on one screen
belongs together while runs write. A manifest is numbered, and created only if its number is free: of two that
publish at once one wins, and no manifest ever goes back behind the one before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import orjson

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store
from complaints_platform.lake.tables import NEVER_WRITTEN

READERS_TAKE_AT_MOST = timedelta(hours=1)
"""Whoever has begun to read by a manifest, or a version of a table, may go on for so long after the next came."""

HOURLY_FOR = timedelta(days=1)
"""Older manifests are thinned out: of the last day the newest of each hour is kept, before that of each day."""


@dataclass(frozen=True)
class Manifest:
    """Versions of tables that belong together."""

    number: int
    published_at: datetime
    versions: Mapping[str, int]
    """``schema.table`` → version of the Delta table. What is not named had not been written."""
    unfinished: tuple[date, ...] = field(default=())
    """Days that some run has left half-done for so long that nothing waits for them any more."""

    def version(self, name: str) -> int:
        """Return the version of a table (``NEVER_WRITTEN`` if it is not named)."""
        return self.versions.get(name, NEVER_WRITTEN)

    def to_json(self) -> bytes:
        """Return the manifest as stored, without its number, which is its name."""
        fields = {
            "published_at": self.published_at,
            "versions": dict(sorted(self.versions.items())),
            "unfinished": self.unfinished,
        }
        return orjson.dumps(fields, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, number: int, data: bytes) -> "Manifest":
        """Read a stored manifest; ``LakeError`` if the bytes are none."""
        try:
            fields = orjson.loads(data)
            return cls(
                number,
                datetime.fromisoformat(fields["published_at"]),
                dict(fields["versions"]),
                tuple(map(date.fromisoformat, fields["unfinished"])),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise LakeError(f"{layout.manifest(number)}: a damaged manifest: {error}") from error


class Manifests:
    """The manifests of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self) -> Manifest | None:
        """Return the manifest to read by, or None if none was ever published."""
        # Between listing and reading maintenance may take away all but the newest.
        for name in reversed(self._store.names(layout.MANIFESTS)):
            found = self._get(layout.number_of_manifest(name))
            if found is not None:
                return found
        return None

    def all(self) -> list[Manifest]:
        """Return all manifests that are kept, oldest first."""
        found = (self._get(layout.number_of_manifest(name)) for name in self._store.names(layout.MANIFESTS))
        return [manifest for manifest in found if manifest is not None]

    def publish(
        self,
        after: Manifest | None,
        versions: Mapping[str, int],
        unfinished: Iterable[date] = (),
        now: datetime | None = None,
    ) -> Manifest | None:
        """Publish versions as the manifest that follows ``after``; return None if another was published meanwhile."""
        now = now or datetime.now(UTC)
        # Times follow the numbers, even where the clock was set back.
        time = now if after is None else max(now, after.published_at)
        manifest = Manifest(after.number + 1 if after else 1, time, dict(versions), tuple(sorted(unfinished)))
        return manifest if self._store.create(layout.manifest(manifest.number), manifest.to_json()) else None

    def delete(self, number: int) -> None:
        """Delete a manifest; nothing happens if there is none."""
        self._store.delete(layout.manifest(number))

    def waiting_since(self) -> dict[date, datetime]:
        """Return the days that keep the next manifest waiting, and since when (UTC)."""
        data = self._store.get(layout.UNFINISHED)
        if data is None:
            return {}
        try:
            return {date.fromisoformat(day): datetime.fromisoformat(time) for day, time in orjson.loads(data).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise LakeError(f"{layout.UNFINISHED} is damaged: {error}; delete it, it is only a note") from error

    def set_waiting(self, since: Mapping[date, datetime]) -> None:
        """Replace what ``waiting_since`` returns."""
        if since:
            entries = {day.isoformat(): time for day, time in sorted(since.items())}
            self._store.put(layout.UNFINISHED, orjson.dumps(entries, option=orjson.OPT_INDENT_2))
        else:
            self._store.delete(layout.UNFINISHED)

    def _get(self, number: int) -> Manifest | None:
        data = self._store.get(layout.manifest(number))
        return None if data is None else Manifest.from_json(number, data)


def kept(manifests: Sequence[Manifest], now: datetime, days: int) -> list[Manifest]:
    """Return which of the manifests (oldest first) somebody may still read by; the others have expired.

    These are the newest; those that were the newest within the last hour; the last one of each of the last 24
    hours (UTC), and of each of the last ``days`` days.
    """
    chosen: set[int] = set()
    of_hour: dict[datetime, int] = {}
    of_day: dict[date, int] = {}
    for manifest, following in zip(manifests, [*manifests, None][1:], strict=True):
        if following is None or following.published_at >= now - READERS_TAKE_AT_MOST:
            chosen.add(manifest.number)
        published = manifest.published_at.astimezone(UTC)
        if published >= now - HOURLY_FOR:
            of_hour[published.replace(minute=0, second=0, microsecond=0)] = manifest.number
        if published >= now - timedelta(days=days):
            of_day[published.date()] = manifest.number
    chosen.update(of_hour.values(), of_day.values())
    return [manifest for manifest in manifests if manifest.number in chosen]
