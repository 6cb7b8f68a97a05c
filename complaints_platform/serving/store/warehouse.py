"""The loaded marts: a copy in DuckDB's own format, updated day by day when a manifest is published.

Every request reads in a transaction of its own, so its whole response comes from one manifest while another is being
loaded. The copy is in the cache folder and is rebuilt whenever it can't be used; DuckDB keeps as much of it in memory
as it may. What the tables mean is in ``marts``, how they are queried in ``answers``.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY, INCIDENTS, QUARANTINE, RECONCILIATION, TABLES, TableSpec
from complaints_platform.lake.manifests import Manifest
from complaints_platform.lake.tables import StoredFile, Table
from complaints_platform.marts.measuring import cohorts_of
from complaints_platform.marts.registry import MARTS, METRICS
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.store.parquet import LocalFiles, empty_select, select_files

log = logging.getLogger(__name__)

FILE_NAME = "marts.duckdb"
LAYOUT_VERSION = "3"
"""Raise it when the layout of the copy changes; older copies are then rebuilt."""

MEASURED = {metric.table for metric in METRICS.values()}
KEPT = tuple(spec for spec in TABLES if spec.sql_name in MEASURED or spec in {INCIDENTS, QUARANTINE, RECONCILIATION})
"""Tables that responses are made from; SQL and exports read the lake's own files."""

STATES = {metric.table: metric for metric in METRICS.values() if metric.open_rows is not None}
"""Marts with metrics of a state: one metric of each, by whose dimensions open rows are counted in advance."""
VERSIONS = "service.versions"
"""Models and taxonomies that categorised each day."""

REBUILD_SHARE = 0.5
"""From this share of changed days on, a table is rebuilt as a whole, which puts its days in order."""

THREADS = 2
"""Threads of one query."""

WORD = re.compile(r"[a-z]\w*")

NO_MANIFEST = 0
"""Number that means: nothing has been published yet."""

Row = tuple[Any, ...]


def kept_schema(spec: TableSpec) -> pl.Schema:
    """Return the columns of a table that are copied; for marts with a row per complaint, those that metrics need."""
    schema, mart = polars_schema(spec.model), MARTS.get(spec.sql_name)
    if mart is None or not mart.by_complaint:
        return schema
    named = {"day", mart.day_column}
    for metric in METRICS.values():
        if metric.table == spec.sql_name:
            states = [metric.open_rows.since, metric.open_rows.until] if metric.open_rows else []
            named |= {*metric.dimensions, *states, *WORD.findall(f"{metric.expression} {metric.filter}")}
    return pl.Schema({name: dtype for name, dtype in schema.items() if name in named})


def cohorts_table(table: str) -> str:
    """Return the table with the counted open rows of a mart."""
    return f"service.open_{table.split('.')[1]}"


@dataclass(frozen=True)
class Snapshot:
    """One consistent view for one request: a transaction on the copy, and its manifest."""

    cursor: duckdb.DuckDBPyConnection
    manifest: Manifest | None
    time_zone: str
    """The reporting zone."""

    @property
    def number(self) -> int:
        """Number of the manifest (``NO_MANIFEST``: none yet)."""
        return NO_MANIFEST if self.manifest is None else self.manifest.number

    @property
    def as_of(self) -> datetime | None:
        """When the manifest was published."""
        return None if self.manifest is None else self.manifest.published_at

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Run a SELECT with parameters and return its rows."""
        return self.cursor.execute(sql, parameters or None).fetchall()

    def dicts(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """Run a SELECT with parameters and return its rows by column."""
        cursor = self.cursor.execute(sql, parameters or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def days(self, table: str) -> tuple[date, date] | None:
        """Return the first and last day of a kept table, by its day column; None if it is empty.

        Rows that a partial copy leaves out count as well.
        """
        found = self.rows("SELECT first, last FROM service.days WHERE name = ? AND first IS NOT NULL", [table])
        return (found[0][0], found[0][1]) if found else None


class Warehouse:
    """The copy of one lake's marts. Safe to use from several threads."""

    def __init__(
        self,
        lake: Lake,
        files: LocalFiles,
        folder: Path,
        memory_mb: int,
        time_zone: str,
        *,
        between: tuple[date, date] | None = None,
    ) -> None:
        """Open the copy in ``folder``, or start a new one.

        Only days (UTC) ``between`` a first and a last one are copied, if they are given; older rows only if they are
        still open on the first one, newer ones only of incidents, which their newest row describes.

        Raises:
            LakeError: the folder can't be used.
        """
        self._lake = lake
        self._files = files
        self._config: dict[str, Any] = {
            "memory_limit": f"{memory_mb}MB",
            "threads": THREADS,
            "temp_directory": str(folder / "spilled"),
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._time_zone = time_zone
        self._between = between
        self._path = folder / FILE_NAME
        self._writing = threading.Lock()
        self._database = self._open()
        self._manifest = _manifest_in(self._database)

    @property
    def manifest(self) -> Manifest | None:
        """The manifest that requests read now."""
        return self._manifest

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open a snapshot; everything read from it belongs together."""
        with self._database.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield Snapshot(cursor, _manifest_in(cursor), self._time_zone)

    def refresh(self) -> bool:
        """Load the newest manifest if it is not loaded yet; tell whether anything has changed.

        Raises:
            LakeError: the lake can't be read; the copy stays as it was.
        """
        with self._writing:
            newest = self._lake.manifests.newest()
            if identity(newest) == identity(self._manifest):
                return False
            try:
                self._load(newest)
            except duckdb.Error as error:
                raise LakeError(f"the tables of manifest {newest and newest.number} can't be read: {error}") from error
            self._manifest = newest
        return True

    def close(self) -> None:
        """Close the copy."""
        self._database.close()

    def _load(self, manifest: Manifest | None) -> None:
        with self._database.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            for spec in KEPT:
                self._bring_up_to_date(cursor, spec, manifest)
            cursor.execute("DELETE FROM service.manifest")
            if manifest is not None:
                cursor.execute(
                    "INSERT INTO service.manifest VALUES (?, ?, ?)",
                    [manifest.number, manifest.published_at, dict(manifest.versions)],
                )
            cursor.execute("COMMIT")

    def _bring_up_to_date(self, cursor: duckdb.DuckDBPyConnection, spec: TableSpec, manifest: Manifest | None) -> None:
        table = spec.table_in(self._lake, manifest)
        files = table.files() if manifest is not None else []
        days = {file: date.fromisoformat(file.partition) for file in files}
        now = {file.path: (day, file) for file, day in days.items() if self._is_copied(spec, day)}
        there: dict[str, date] = dict(
            cursor.execute("SELECT path, day FROM service.files WHERE name = ?", [spec.sql_name]).fetchall()
        )
        changed = {there[path] for path in there.keys() - now.keys()}
        changed |= {now[path][0] for path in now.keys() - there.keys()}
        if changed:
            every = {*there.values(), *(day for day, _ in now.values())}
            changed = every if len(changed) >= REBUILD_SHARE * len(every) else changed
            fresh = [file for day, file in now.values() if day in changed]
            self._replace(cursor, spec, table, sorted(changed), fresh)
        if changed or len(now) < len(files):
            self._note_days(cursor, spec, table, files)

    def _is_copied(self, spec: TableSpec, day: date) -> bool:
        """Tell whether a day may have rows to copy; open rows may be of any day."""
        if self._between is None:
            return True
        first, last = self._between
        return (day >= first or spec.sql_name in STATES) and (day <= last or spec == INCIDENTS)

    def _replace(
        self,
        cursor: duckdb.DuckDBPyConnection,
        spec: TableSpec,
        table: Table,
        changed: list[date],
        files: list[StoredFile],
    ) -> None:
        """Replace the rows of changed days, and the summaries that would otherwise cost a scan of all rows."""
        among = "WHERE list_contains(?, day)"
        files = sorted(files, key=lambda file: (file.partition, file.path))
        state = STATES.get(spec.sql_name)
        rows = _by_local_day(spec, select_files(kept_schema(spec), self._files.of_table(table, files)))
        if state is not None and state.open_rows is not None and self._between is not None:
            since, until = f"DATE '{self._between[0]}'", state.open_rows.until
            is_open = f"{state.open_rows.since} IS NOT NULL AND ({until} IS NULL OR {until} > {since})"
            rows = f"SELECT * FROM ({rows}) WHERE day >= {since} OR ({is_open})"  # noqa: S608  # columns of the registry
        cursor.execute(f"DELETE FROM {spec.sql_name} {among}", [changed])  # noqa: S608  # a name of the registry
        cursor.execute(f"INSERT INTO {spec.sql_name} {rows}")
        summaries = {}
        if state is not None:
            # Rows that close late come last, so that a query for a day skips most rows closed by then.
            summaries[cohorts_table(spec.sql_name)] = f"{cohorts_of(state)} ORDER BY day, closed_on"
        if spec == DAILY:
            columns = "day, local_day, model_version, taxonomy_version"
            summaries[VERSIONS] = f"SELECT DISTINCT {columns} FROM {DAILY.sql_name}"  # noqa: S608  # a name of the registry
        for name, summary in summaries.items():
            cursor.execute(f"DELETE FROM {name} {among}", [changed])  # noqa: S608  # a name of this module
            cursor.execute(f"INSERT INTO {name} SELECT * FROM ({summary}) {among}", [changed])  # noqa: S608  # a name of this module
        cursor.execute(f"DELETE FROM service.files {among} AND name = ?", [changed, spec.sql_name])  # noqa: S608  # a constant
        cursor.execute(
            "INSERT INTO service.files SELECT ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[])::DATE",
            [spec.sql_name, [file.path for file in files], [file.partition for file in files]],
        )

    def _note_days(
        self, cursor: duckdb.DuckDBPyConnection, spec: TableSpec, table: Table, files: Sequence[StoredFile]
    ) -> None:
        """Record the first and last day with rows, including rows that are not copied."""
        day = day_column(spec)
        rows = f"SELECT {day} FROM {spec.sql_name}"  # noqa: S608  # names of the registry
        if self._between is not None:
            days = sorted(file.partition for file in files if file.rows)
            ends = [file for file in files if file.partition in {*days[:1], *days[-1:]}]
            schema = pl.Schema({"day": pl.Date(), day: pl.Date()})
            rows = _by_local_day(spec, select_files(schema, self._files.of_table(table, ends)))
        cursor.execute("DELETE FROM service.days WHERE name = ?", [spec.sql_name])
        cursor.execute(
            f"INSERT INTO service.days SELECT ?, min({day}), max({day}) FROM ({rows})",  # noqa: S608  # names of the registry
            [spec.sql_name],
        )

    def _layout(self) -> str:
        schemas = [f"{spec.sql_name} {kept_schema(spec)}" for spec in KEPT]
        return hashlib.sha256("\n".join([LAYOUT_VERSION, *schemas]).encode()).hexdigest()

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            database = duckdb.connect(str(self._path), config=self._config)
            there = database.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'service'").fetchone()
            if there and database.execute("SELECT layout FROM service.layout").fetchall() == [(self._layout(),)]:
                database.execute("SET TimeZone = 'UTC'")
                return database
            database.close()
        except duckdb.Error as error:
            log.warning("the copy of the marts is rebuilt: %s", error)
        for path in (self._path, self._path.with_name(f"{FILE_NAME}.wal")):
            path.unlink(missing_ok=True)
        try:
            database = duckdb.connect(str(self._path), config=self._config)
            self._create(database)
        except duckdb.Error as error:
            raise LakeError(f"{self._path} can't be written: {error}") from error
        return database

    def _create(self, database: duckdb.DuckDBPyConnection) -> None:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("CREATE SCHEMA service")
        database.execute("CREATE TABLE service.files (name VARCHAR, path VARCHAR, day DATE)")
        database.execute("CREATE TABLE service.days (name VARCHAR, first DATE, last DATE)")
        database.execute(
            "CREATE TABLE service.manifest (number BIGINT, published_at TIMESTAMPTZ, versions MAP(VARCHAR, BIGINT))"
        )
        for spec in KEPT:
            database.execute(f'CREATE SCHEMA IF NOT EXISTS "{spec.schema}"')
            database.execute(f"CREATE TABLE {spec.sql_name} AS {empty_select(kept_schema(spec))}")
        for table, metric in STATES.items():
            database.execute(f"CREATE TABLE {cohorts_table(table)} AS {cohorts_of(metric)}")
        database.execute(
            f"CREATE TABLE {VERSIONS} (day DATE, local_day DATE, model_version VARCHAR, taxonomy_version VARCHAR)"
        )
        database.execute("CREATE TABLE service.layout AS SELECT ? AS layout", [self._layout()])


def day_column(spec: TableSpec) -> str:
    """Return the day column of a table."""
    return MARTS[spec.sql_name].day_column if spec.sql_name in MARTS else "day"


def _by_local_day(spec: TableSpec, rows: str) -> str:
    """Count rows without a local day (from earlier releases) by their UTC day until they are rebuilt."""
    day = day_column(spec)
    if day == "day":
        return rows
    return f"SELECT * REPLACE (coalesce({day}, day) AS {day}) FROM ({rows})"  # noqa: S608  # columns of the registry


def _manifest_in(cursor: duckdb.DuckDBPyConnection) -> Manifest | None:
    """Return the manifest of the copy."""
    found = cursor.execute("SELECT number, published_at, versions FROM service.manifest").fetchone()
    return None if found is None else Manifest(*found)


def identity(manifest: Manifest | None) -> tuple[object, ...]:
    """Return a manifest's identity, which differs even for a lake that was deleted and created again."""
    return () if manifest is None else (manifest.number, manifest.published_at)
