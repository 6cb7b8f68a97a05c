"""Maintenance: what a lake that is written to all day needs so that it stays small and fast.

Here it is decided what may go and what is merged; how each thing is stored is ``lake``'s. All of it is safe beside
readers and writers and may be killed at any moment: what is merged counts only when it is whole, and what is
deleted has been out of everybody's sight for longer than anybody takes to read or write.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import polars as pl

from complaints_platform.alerting.outbox import Outbox
from complaints_platform.freshness.publishing import publish
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.bundles import look_of, places, smallest_to_merge
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.key_index import ENTRY_COLUMNS
from complaints_platform.lake.manifests import READERS_TAKE_AT_MOST, Manifest, kept
from complaints_platform.lake.store import Entry
from complaints_platform.lake.tables import COMMITS_BEFORE_A_CHECKPOINT, WRITERS_TAKE_AT_MOST, Table
from complaints_platform.platform import Platform

MANY_SEGMENTS = 32
"""Days with fewer segments that lie alone are left as they are: a file costs less than a millisecond to open."""

MANY_PACKS = 8
"""As many packs of one day are merged, the smallest first."""

PACK_BYTES = 64 * 2**20
"""Packs become about as large as this, and larger ones are left alone: merging needs the memory of one."""

INDEX_FILES = 8
"""Files of one source in the key index beyond which they are merged."""

READ_FROM = re.compile(r"(?P<sha256>[0-9a-f]{64})-(?P<version>[0-9a-f]+)[-.]")
"""How the name of what was read of a file begins."""


@dataclass(frozen=True)
class Step:
    """Something that was done, or in a dry run would be."""

    what: str
    """Kind of thing, in words."""
    name: str
    """Key of the object, or what was merged."""
    objects: int = 1
    size: int = 0
    """Bytes that it frees; 0 for what is merged."""


@dataclass(frozen=True)
class Unit:
    """A segment that lies alone, or a pack."""

    key: str
    size: int


@dataclass(frozen=True)
class Maintenance:
    """The maintenance of one lake at one time; days are how long something is kept, None: for ever."""

    lake: Lake
    readings: Mapping[str, str]
    """Source → reading version that collecting writes now."""
    manifest_days: int
    """Days for which older states of the tables can be read."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    audit_days: int | None = None
    report_days: int | None = None

    def run(self, *, dry_run: bool = False) -> Iterator[Step]:
        """Do everything that is due, and yield it step by step; with ``dry_run`` only yield it.

        A dry run says what can go now; what is merged now can go in a later one.

        Raises:
            LakeError: something can't be read or written; what was done before stays.
        """
        if not dry_run:
            publish(self.lake, self.now)
        yield from self._pack_segments(dry_run=dry_run)
        yield from self._merge_index(dry_run=dry_run)
        yield from self._write_checkpoints(dry_run=dry_run)
        for what, key, size in self._expired():
            if not dry_run:
                self.lake.store.delete(key)
            yield Step(what, key, size=size)

    def _pack_segments(self, *, dry_run: bool) -> Iterator[Step]:
        for source, days in self._alone.items():
            for day in sorted({*days, *self.lake.segments.packed_days(source)}):
                for group in self._to_pack(source, day):
                    if not dry_run:
                        self._pack(source, day, group)
                    yield Step("small segments packed", f"{source}, {day}", len(group))

    def _to_pack(self, source: str, day: date) -> list[list[str]]:
        """Return groups of live segments that are due to lie together."""
        alone = self._alone.get(source, {}).get(day, {})
        packs = self.lake.segments.packs(source, day).all()
        if len(alone) < MANY_SEGMENTS and not packs:
            return []
        lies = places(packs)
        in_pack: dict[str, list[str]] = {pack.key: [] for pack in packs}
        singles: dict[str, int] = {}
        for name in (str(name) for name, _ in self.lake.segments.day(source, day).segments):
            pack = lies.get(name)
            entry = alone.get(name)
            if pack is not None and (entry is None or pack.members[name].came_from(entry)):
                in_pack[pack.key].append(name)
            elif entry is not None:
                singles[name] = entry.size
        # What is dead, or was written again since, must not lie in a pack for ever: it may have to be forgotten.
        whole = [pack for pack in packs if len(in_pack[pack.key]) == len(pack.members)]
        outdated = [in_pack[pack.key] for pack in packs if 0 < len(in_pack[pack.key]) < len(pack.members)]
        groups = to_merge([Unit(*item) for item in singles.items()], [Unit(pack.key, pack.size) for pack in whole])
        return [
            *outdated,
            *([name for unit in group for name in in_pack.get(unit.key, [unit.key])] for group in groups),
        ]

    def _pack(self, source: str, day: date, names: Sequence[str]) -> None:
        segments, wanted = self.lake.segments, set(names)
        packs, live = segments.packs(source, day), segments.day(source, day)
        # Looked at before they are read: what is written again meanwhile looks different afterwards.
        looks = {name: pack.members[name].seen for name, pack in places(packs.all()).items()}
        looks |= {name: look_of(entry) for name, entry in self._alone.get(source, {}).get(day, {}).items()}
        chosen = replace(live, segments=tuple(each for each in live.segments if str(each[0]) in wanted))
        frames = {str(name): frame for name, frame in segments.read_each(chosen)}
        if frames:
            members = {name: (frame.height, looks[name]) for name, frame in frames.items()}
            packs.write(members, pl.concat(frames.values(), how="diagonal"), self.now)

    def _merge_index(self, *, dry_run: bool) -> Iterator[Step]:
        index = self._index
        for source, files in sorted(Counter(file.partition for file in index.files()).items()):
            if files > INDEX_FILES:
                if not dry_run:
                    index.compact_when_fragmented(source, INDEX_FILES)
                yield Step("files of the key index merged", source, files)

    def _write_checkpoints(self, *, dry_run: bool) -> Iterator[Step]:
        for table in self._all_tables:
            commits = table.commits_since_checkpoint()
            if commits >= COMMITS_BEFORE_A_CHECKPOINT:
                if not dry_run:
                    table.checkpoint()
                yield Step("commits summed up in a checkpoint", table.key, commits)

    def _expired(self) -> Iterator[tuple[str, str, int]]:
        """Yield kind, key and size of all that can go."""
        expired, staying = self._manifests
        for manifest in expired:
            yield "manifests", layout.manifest(manifest.number), 0
        for table in self._all_tables:
            keep = self._versions(table, staying)
            for entry in table.expired_files(keep, self.now, READERS_TAKE_AT_MOST):
                yield "files of tables", entry.key, entry.size
            for entry in table.expired_log(keep, self.now):
                yield "entries of table logs", entry.key, entry.size
        yield from self._packed_segments()
        for what, entry in self._dead_readings():
            yield what, entry.key, entry.size
        for entry in self.lake.store.entries(layout.JOURNAL):
            if not entry.is_folder:
                yield "marks of the journal", entry.key, entry.size
        yield from self._old_records()
        for entry in (*self.lake.store.unfinished(), *self.lake.originals.incoming()):
            if entry.modified < self.now - WRITERS_TAKE_AT_MOST:
                yield "left half-written", entry.key, entry.size

    def _old_records(self) -> Iterator[tuple[str, str, int]]:
        """Yield what of the audit log and of reports is older than it is kept."""
        for what, days, before in (
            ("entries of the audit log", self.audit_days, self.lake.audit.before),
            ("reports", self.report_days, self.lake.reports.before),
        ):
            for entry in () if days is None else before(self.now.date() - timedelta(days=days)):
                yield what, entry.key, entry.size

    def _packed_segments(self) -> Iterator[tuple[str, str, int]]:
        """Yield segments and packs that lie in a newer pack as well, once nobody reads them in the old place."""
        for source in self._sources:
            for day in self.lake.segments.packed_days(source):
                packs = self.lake.segments.packs(source, day).all()
                settled = [pack for pack in packs if pack.written_at < self.now - READERS_TAKE_AT_MOST]
                alone = self._alone.get(source, {}).get(day, {})
                for name, pack in places(settled).items():
                    entry = alone.get(name)
                    if entry is not None and pack.members[name].came_from(entry):
                        yield "segments that lie in packs", entry.key, entry.size
                live = {str(name) for name, _ in self.lake.segments.day(source, day).segments}
                for number, pack in enumerate(packs):
                    newer = places(each for each in packs[:number] if each in settled).keys()
                    same = {name for name in alone.keys() & pack.members if pack.members[name].came_from(alone[name])}
                    again = alone.keys() - same
                    if pack in settled and live & pack.members.keys() <= newer | again:
                        yield "packs", pack.description_key, 0
                        yield "packs", pack.rows_key, pack.size

    def _dead_readings(self) -> Iterator[tuple[str, Entry]]:
        """Yield what was read of files by a contract that neither a receipt names nor anybody writes by any more.

        What an interrupted collect has left of the present contract stays: the next collect makes it count.
        """
        folders = {
            layout.RAW: "segments of older contracts",
            layout.QUARANTINE: "quarantine of older contracts",
            layout.REFERENCE: "reference data of older contracts",
        }
        for folder, what in folders.items():
            for entry in self.lake.store.entries(folder):
                if entry.is_folder or entry.modified >= self.now - WRITERS_TAKE_AT_MOST:
                    continue
                source, name = entry.key.split("/")[1], entry.key.rsplit("/", 1)[-1]
                named = READ_FROM.match(name)
                if named is None or self.readings.get(source, named["version"]) == named["version"]:
                    continue
                receipt = self.lake.receipts.get(source, named["sha256"])
                if receipt is None or receipt.version != named["version"]:
                    yield what, entry

    @cached_property
    def _manifests(self) -> tuple[list[Manifest], list[Manifest]]:
        """Return which manifests have expired, and which stay."""
        manifests = self.lake.manifests.all()
        staying = kept(manifests, self.now, self.manifest_days)
        numbers = {manifest.number for manifest in staying}
        return [manifest for manifest in manifests if manifest.number not in numbers], staying

    def _versions(self, table: Table, manifests: Iterable[Manifest]) -> set[int]:
        """Return the versions of a table that manifests name, as far as they can still be read."""
        names = {spec.table(self.lake).key: spec.sql_name for spec in TABLES}
        if table.key not in names:
            return set()
        newest = table.state().version
        versions = {manifest.version(names[table.key]) for manifest in manifests}
        return {version for version in versions if version <= newest}

    @cached_property
    def _all_tables(self) -> list[Table]:
        return [*(spec.table(self.lake) for spec in TABLES), self._index]

    @cached_property
    def _index(self) -> Table:
        return Table(self.lake.store, layout.KEY_INDEX, ENTRY_COLUMNS, partition_by="source")

    @cached_property
    def _sources(self) -> list[str]:
        return sorted({*self.lake.store.names(layout.RAW), *self.lake.store.names(layout.PACKED)})

    @cached_property
    def _alone(self) -> dict[str, dict[date, dict[str, Entry]]]:
        """Source → day → name → segment that lies alone."""
        found: dict[str, dict[date, dict[str, Entry]]] = {source: {} for source in self._sources}
        for entry in self.lake.store.entries(layout.RAW):
            if not entry.is_folder:
                _, source, folder, name = entry.key.split("/")
                found.setdefault(source, {}).setdefault(layout.day_of_folder(folder), {})[name] = entry
        return found


def to_merge(alone: Sequence[Unit], packs: Sequence[Unit]) -> list[list[Unit]]:
    """Return which live segments (in the order in which they are to lie) and packs of a day become one pack each."""
    small = [pack for pack in packs if pack.size < PACK_BYTES]
    chosen = [
        *(alone if len(alone) >= MANY_SEGMENTS else ()),
        *(small[number] for number in sorted(smallest_to_merge([pack.size for pack in small], MANY_PACKS - 1))),
    ]
    groups: list[list[Unit]] = []
    size = 0
    for unit in chosen:
        if not groups or size + unit.size > PACK_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(unit)
        size += unit.size
    return [group for group in groups if len(group) > 1]


def maintenance_of(platform: Platform) -> Maintenance:
    """Return the maintenance of a platform's lake, as of now."""
    settings = platform.settings
    return Maintenance(
        platform.lake,
        {name: collector.version for name, collector in platform.collectors().items()},
        settings.manifest_days,
        audit_days=settings.audit_days,
        report_days=settings.report_days,
    )


def maintain(platform: Platform, *, dry_run: bool = False) -> Iterator[Step]:
    """Do everything that is due in the lake, and delete old notifications; yield each step.

    Raises:
        ContractError: a source contract is wrong.
        SettingsError: the alias table of regions is wrong, or the data key is not the lake's.
        LakeError: something can't be read or written; what was done before stays.
    """
    work = maintenance_of(platform)
    yield from work.run(dry_run=dry_run)
    store = work.lake.store
    for key in Outbox(store).expired(work.now.date() - timedelta(days=platform.settings.alerts_days)):
        entry = store.stat(key)
        if not dry_run:
            store.delete(key)
        yield Step("notifications", key, size=entry.size if entry else 0)


def summed_up(steps: Iterable[Step]) -> pl.DataFrame:
    """Return what (String), objects (Int64) and bytes (Int64) of maintenance, one row a kind, in order."""
    rows = [(step.what, step.objects, step.size) for step in steps]
    table = pl.DataFrame(rows, schema={"what": pl.String, "objects": pl.Int64, "bytes": pl.Int64}, orient="row")
    return table.group_by("what", maintain_order=True).sum()
