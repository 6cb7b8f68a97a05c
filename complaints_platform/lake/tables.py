"""Delta tables: how days are replaced, read and counted.

Transforms hand over one frame a day; each becomes a Parquet file at once (so that memory is
bounded by a day, not by a range), and one commit makes all of them visible. The fingerprint of
a day stands in the name of its file: it can't differ from the data, and reading all of
them costs one look at the table's log.
"""

import io
import json
import random
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from complaints_platform.errors import LakeError
from complaints_platform.lake.store import Entry, Store

COMMIT_ATTEMPTS = 40
"""Writers of different days only collide on the log's next number; each retry takes milliseconds."""

RETRY_WAIT_SECONDS = 0.05
COMPRESSION_LEVEL = 1


WRITERS_TAKE_AT_MOST = timedelta(days=1)
"""Files that no version names belong to a writer that has not committed yet, or, when older, to one that died."""

COMMITS_BEFORE_A_CHECKPOINT = 10
"""Opening a table reads its newest checkpoint and all commits since; delta-rs itself makes one every 100."""

LOG = "_delta_log"
LOG_ENTRY = re.compile(r"(\d{20})\.")
CHECKPOINT_SUFFIX = ".checkpoint.parquet"
LEFT_BY_A_WRITER = re.compile(r"(\.tmp|#\d+)$")
"""What delta-rs writes before it gives an object its name."""


TERMINAL_ORNAMENTS = re.compile("\x1b\\[[0-9;]*m|↳")


def _in_one_line(error: Exception) -> str:
    """Return the message of a delta-rs error, which is a coloured tree, as plain words."""
    return " ".join(TERMINAL_ORNAMENTS.sub("", str(error)).split())


@dataclass(frozen=True)
class DayFrame:
    """One day's rows for a table, and the fingerprint of what they were made from."""

    day: date
    frame: pl.DataFrame
    """The table's columns, the partition column included."""
    fingerprint: str


def _fingerprint_in(path: str) -> str:
    return path.rpartition("/")[2].partition("-")[0]


@dataclass(frozen=True)
class StoredFile:
    """One live file of a table."""

    path: str
    partition: str
    rows: int
    size: int

    @property
    def fingerprint(self) -> str:
        """What the rows were made from (empty for tables without fingerprints)."""
        return _fingerprint_in(self.path)


DELETION_VECTORS = "deletionVectors"
"""A feature that another writer may have switched on; files are read whole here."""

NEVER_WRITTEN = -1
"""Version of a table before its first write."""


@dataclass(frozen=True)
class TableState:
    """One version of a table: its number, and day → fingerprint of every day that is materialised in it."""

    version: int
    fingerprints: Mapping[date, str]


class Table:
    """One Delta table of the lake: its newest version, or with ``at`` one version for reading."""

    def __init__(
        self, store: Store, key: str, schema: pl.Schema, partition_by: str = "day", version: int | None = None
    ) -> None:
        self._store = store
        self._key = key
        self._schema = schema
        self._partition_by = partition_by
        self._version = version
        self._known: list[StoredFile] | None = None

    def at(self, version: int) -> "Table":
        """Return the table as it was in a version (``NEVER_WRITTEN``: empty), for reading.

        Reading raises ``LakeError`` if that version is gone.
        """
        return Table(self._store, self._key, self._schema, self._partition_by, version)

    def as_of_now(self) -> "Table":
        """Return the table as it is now, looked up once, for several questions about its days; for reading."""
        table = Table(self._store, self._key, self._schema, self._partition_by, self._version)
        table._known = self.files()  # its own kind
        return table

    @property
    def key(self) -> str:
        """Folder of the table in the lake."""
        return self._key

    @property
    def uri(self) -> str:
        """Where the table lies, as delta-rs and other engines read it."""
        return f"{self._store.uri}/{self._key}"

    def replace_days(
        self, days: Sequence[date], frames: Iterable[DayFrame], message: dict[str, str] | None = None
    ) -> None:
        """Replace exactly ``days`` by ``frames`` in one commit; a day without a frame becomes absent.

        Frames are taken one at a time. If anything fails before the commit, the table is as
        it was; files already written are not part of it and go with the next vacuum.

        Raises:
            LakeError: a frame is of another day, or other writers kept winning the commit.
        """
        allowed = set(days)
        actions: list[AddAction | RemoveAction] = []
        for day_frame in frames:
            if day_frame.day not in allowed:
                raise LakeError(f"{self._key}: a frame of {day_frame.day} in a write of {sorted(allowed)}")
            actions.append(self._write_file(day_frame.frame, day_frame.day.isoformat(), day_frame.fingerprint))
        self._commit(
            actions, "overwrite", [(self._partition_by, "in", sorted(day.isoformat() for day in allowed))], message
        )

    def append(self, frame: pl.DataFrame, partition: str) -> None:
        """Add rows to one partition in one commit."""
        self._commit([self._write_file(frame, partition, "")], "append", None, None)

    def expired_files(self, keep: Iterable[int], now: datetime, readers_take: timedelta) -> list[Entry]:
        """Return the data files that nobody needs any more.

        Needed are the files of the newest version and of the versions to ``keep``, those that were replaced less
        than ``readers_take`` ago, and those too young (``WRITERS_TAKE_AT_MOST``) to be left by a writer that died.
        """
        # Listed before the table is opened: whatever is committed in between is named by what is opened.
        data, log = self._objects()
        table = self._open()
        if table is None:
            return []
        replaced = self._replaced(log, now - WRITERS_TAKE_AT_MOST)
        needed = {path for path, time in replaced.items() if time > now - readers_take}
        needed.update(file.path for file in self._files(table))
        for version in set(keep) - {table.version(), NEVER_WRITTEN}:
            following = log.get(f"{version + 1:020d}.json")
            # Whatever was replaced since a version that was the newest just now is spared already.
            if following is None or following.modified <= now - readers_take:
                needed.update(file.path for file in self.at(version).files())
        return [
            entry
            for path, entry in data.items()
            if path not in needed and (path in replaced or entry.modified < now - WRITERS_TAKE_AT_MOST)
        ]

    def expired_log(self, keep: Iterable[int], now: datetime) -> list[Entry]:
        """Return the entries of the log, oldest first, that no version to ``keep``, and none since, is read by.

        What is younger than ``WRITERS_TAKE_AT_MOST`` stays. What killed writers have left beside the log is listed too.
        """
        _, log = self._objects()
        versions = {name: int(match[1]) for name in log if (match := LOG_ENTRY.match(name))}
        newest = max(versions.values(), default=0)
        oldest_needed = min([version for version in keep if version != NEVER_WRITTEN] + [newest])
        checkpoints = [versions[name] for name in log if name in versions and name.endswith(CHECKPOINT_SUFFIX)]
        base = max((version for version in checkpoints if version <= oldest_needed), default=0)
        return [
            entry
            for name, entry in sorted(log.items())
            if entry.modified < now - WRITERS_TAKE_AT_MOST
            and (versions[name] < base if name in versions else LEFT_BY_A_WRITER.search(name) is not None)
        ]

    def commits_since_checkpoint(self) -> int:
        """Return how many commits opening the table reads beside its newest checkpoint."""
        _, log = self._objects()
        commits = [int(match[1]) for name in log if (match := LOG_ENTRY.match(name)) and name.endswith(".json")]
        checkpoints = [int(name[:20]) for name in log if name.endswith(CHECKPOINT_SUFFIX)]
        return sum(version > max(checkpoints, default=-1) for version in commits)

    def checkpoint(self) -> None:
        """Write down the newest version as a whole, so that opening it needs none of the commits before."""
        table = self._open()
        if table is not None:
            table.create_checkpoint()

    def _objects(self) -> tuple[dict[str, Entry], dict[str, Entry]]:
        """Return the data files by their path in the table, and the entries of the log by name."""
        data: dict[str, Entry] = {}
        log: dict[str, Entry] = {}
        for entry in self._store.entries(self._key):
            path = entry.key.removeprefix(f"{self._key}/")
            if not entry.is_folder and path.startswith(f"{LOG}/"):
                log[path.removeprefix(f"{LOG}/")] = entry
            elif not entry.is_folder and (path.endswith(".parquet") or LEFT_BY_A_WRITER.search(path)):
                data[path] = entry
        return data, log

    def _replaced(self, log: Mapping[str, Entry], since: datetime) -> dict[str, datetime]:
        """Return the files that commits since a time have taken out of the table, and when."""
        found: dict[str, datetime] = {}
        for name, entry in log.items():
            if name.endswith(".json") and LOG_ENTRY.match(name) and entry.modified >= since:
                for line in (self._store.get(entry.key) or b"").splitlines():
                    removed = json.loads(line).get("remove")
                    if removed is not None:
                        found[unquote(removed["path"])] = entry.modified
        return found

    def compact_when_fragmented(self, partition: str, files: int) -> None:
        """Merge the partition's files once there are more than ``files`` of them."""
        if sum(file.partition == partition for file in self.files()) > files:
            table = self._open()
            if table is not None:
                try:
                    table.optimize.compact(partition_filters=[(self._partition_by, "=", partition)])
                except CommitFailedError:
                    return  # somebody else wrote or compacted meanwhile: the next append tries again

    def purge_history(self) -> int:
        """Delete all files that the newest version does not name; return how many.

        Earlier versions can't be read afterwards, and a run that is writing would lose what it has not committed:
        only for when nothing else runs.
        """
        table = self._open()
        if table is None:
            return 0
        gone = table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)
        return len(gone)

    def files(self) -> list[StoredFile]:
        """Return the live files of the newest version."""
        if self._known is not None:
            return self._known
        table = self._open()
        if table is None:
            return []
        return self._files(table)

    def stored_columns(self) -> list[str]:
        """Return the columns of the newest version, which another release may have written; none if there is none.

        Raises:
            LakeError: the table's log can't be read.
        """
        table = self._open()
        return [] if table is None else [field.name for field in table.schema().fields]

    def fingerprints(self) -> dict[date, str]:
        """Return day → fingerprint of every materialised day."""
        return {date.fromisoformat(file.partition): file.fingerprint for file in self.files()}

    def row_counts(self) -> dict[date, int]:
        """Return day → rows of every materialised day."""
        counts: dict[date, int] = {}
        for file in self.files():
            day = date.fromisoformat(file.partition)
            counts[day] = counts.get(day, 0) + file.rows
        return counts

    def state(self) -> TableState:
        """Return version and fingerprints, both of the same version."""
        table = self._open()
        if table is None:
            return TableState(NEVER_WRITTEN, {})
        # Of thousands of days, at each end of a run: without an object for each.
        fingerprints = {day: _fingerprint_in(path) for path, day in self._actions(table, "path", self._partition)}
        return TableState(table.version(), fingerprints)

    def version(self) -> int | None:
        """Return the newest version, or None if the table has never been written."""
        table = self._open()
        return None if table is None else table.version()

    def read_days(self, days: Sequence[date], columns: Sequence[str] | None = None) -> Iterator[DayFrame]:
        """Yield the materialised ones of ``days`` in order, all of one version of the table."""
        by_day: dict[str, list[StoredFile]] = {}
        for file in self.files():
            by_day.setdefault(file.partition, []).append(file)
        for day in days:
            files = by_day.get(day.isoformat())
            if files:
                yield DayFrame(day, self._scan_files(files, columns).collect(), files[0].fingerprint)

    def scan(self, *partitions: str, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the rows of some partitions (all, if none is named) as a lazy frame."""
        files = self.files()
        if partitions:
            wanted = set(partitions)
            files = [file for file in files if file.partition in wanted]
        return self._scan_files(files, columns)

    def _scan_files(self, files: Sequence[StoredFile], columns: Sequence[str] | None) -> pl.LazyFrame:
        names = list(columns or self._schema.names())
        if not files:
            return pl.LazyFrame(schema=pl.Schema({name: self._schema[name] for name in names}))
        return pl.scan_parquet(
            [f"{self.uri}/{file.path}" for file in files],
            storage_options=self._store.storage_options or None,
            hive_partitioning=True,
            hive_schema={self._partition_by: self._schema[self._partition_by]},
            schema=self._schema,
            missing_columns="insert",
            glob=False,
        ).select(names)

    def _write_file(self, frame: pl.DataFrame, partition: str, fingerprint: str) -> AddAction:
        stored = frame.select(name for name in self._schema.names() if name != self._partition_by)
        buffer = io.BytesIO()
        stored.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL)
        path = f"{self._partition_by}={partition}/{fingerprint}-{uuid.uuid4().hex}.parquet"
        self._store.put(f"{self._key}/{path}", buffer.getvalue())
        return AddAction(
            path=path,
            size=buffer.tell(),
            partition_values={self._partition_by: partition},
            modification_time=time.time_ns() // 1_000_000,
            data_change=True,
            stats=json.dumps({"numRecords": stored.height}),
        )

    def _commit(
        self,
        actions: list[AddAction | RemoveAction],
        mode: str,
        filters: list[tuple[str, str, list[str]]] | None,
        message: dict[str, str] | None,
    ) -> None:
        for attempt in range(COMMIT_ATTEMPTS):
            try:
                table = self._with_all_columns(self._open() or self._create())
                table.create_write_transaction(
                    actions,
                    mode,
                    table.schema(),
                    [self._partition_by],
                    filters,
                    commit_properties=CommitProperties(custom_metadata=message) if message else None,
                )
            except CommitFailedError as error:
                if attempt == COMMIT_ATTEMPTS - 1:
                    raise LakeError(f"{self._key}: other writers won {COMMIT_ATTEMPTS} times: {error}") from error
                time.sleep(RETRY_WAIT_SECONDS * random.uniform(0.2, 1.0) * (1 + attempt / 4))  # noqa: S311  # jitter, no secret
            except (DeltaError, OSError) as error:
                raise LakeError(f"{self.uri} can't be written: {_in_one_line(error)}") from error
            else:
                return

    def _with_all_columns(self, table: DeltaTable) -> DeltaTable:
        """Add the columns that a newer release knows and the table does not; rows written before have nulls there."""
        there = {field.name for field in table.schema().fields}
        missing = [name for name in self._schema.names() if name not in there]
        if missing:
            arrow_schema = pl.DataFrame(schema=pl.Schema({name: self._schema[name] for name in missing})).to_arrow()
            table.alter.add_columns(Schema.from_arrow(arrow_schema.schema).fields)
        return table

    def _create(self) -> DeltaTable:
        arrow_schema = pl.DataFrame(schema=self._schema).to_arrow().schema
        return DeltaTable.create(
            self.uri,
            schema=Schema.from_arrow(arrow_schema),
            partition_by=[self._partition_by],
            mode="ignore",
            storage_options=self._store.storage_options or None,
        )

    def _open(self) -> DeltaTable | None:
        if self._version == NEVER_WRITTEN:
            return None
        try:
            return DeltaTable(self.uri, version=self._version, storage_options=self._store.storage_options or None)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise LakeError(f"{self.uri} can't be read: {_in_one_line(error)}") from error

    @property
    def _partition(self) -> str:
        """Column of delta-rs that says in which partition a file lies."""
        return f"partition.{self._partition_by}"

    def _files(self, table: DeltaTable) -> list[StoredFile]:
        actions = self._actions(table, "path", self._partition, "num_records", "size_bytes")
        return [StoredFile(path, str(partition), rows, size) for path, partition, rows, size in actions]

    def _actions(self, table: DeltaTable, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield columns of what the table's log says of its live files."""
        if DELETION_VECTORS in (table.protocol().reader_features or ()):
            raise LakeError(f"{self.uri} uses deletion vectors: its files alone don't say which rows are live")
        actions = table.get_add_actions(flatten=True)
        return zip(*(actions.column(name).to_pylist() for name in columns), strict=True)
