"""Read-only SQL over all data sets, by DuckDB in process.

A query sees the data sets as ``schema.table``, named as their assets are, and nothing else: it
can't read files, reach the network, change settings or write. All tables of a query are read in the
versions that one manifest names; raw records and receipts are what is there when it begins. What SQL may say is
``sql``'s; queries of others than the user of this machine run in processes of their own (``sandbox``).
"""

import io
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl
import pyarrow as pa

from complaints_platform.errors import QueryError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.manifests import Manifest
from complaints_platform.lake.segments import SEGMENT_SCHEMA
from complaints_platform.platform import Platform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.sql import language
from complaints_platform.serving.store.parquet import LocalFiles, identifier, select_files

FORMATS = ("table", "csv", "json", "parquet")
RECEIPTS = "lake.receipts"

RECEIPT_COLUMNS = pl.Schema(
    {
        "source": pl.String(),
        "raw_sha256": pl.String(),
        "file_name": pl.String(),
        "size": pl.Int64(),
        "received_at": pl.Datetime("us", "UTC"),
        "received": pl.Int64(),
        "filtered": pl.Int64(),
        "quarantined": pl.Int64(),
    }
)


@dataclass(frozen=True)
class Opened:
    """Data sets, ready for a connection."""

    views: list[tuple[str, str]] = field(default_factory=list)
    """``schema.table`` and its SELECT."""
    paths: list[str] = field(default_factory=list)
    """All files that the views read."""
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    """What stands in no file of its own: name to be registered → rows."""


class Catalogue:
    """The data sets that a query can name."""

    def __init__(self, lake: Lake, sources: Iterable[str], files: LocalFiles | None = None) -> None:
        """Name the data sets of a lake and its ``sources``; ``files`` are fetched, by default, while this lives."""
        self.lake = lake
        self._tables = {spec.sql_name: spec for spec in TABLES}
        self._sources = {f"raw.{source}": source for source in sources}
        if files is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="complaints-")
            files = LocalFiles(lake.store, Path(self._temporary.name))
        self._files = files

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return the catalogue of a platform."""
        return cls(platform.lake, platform.contracts)

    def names(self) -> list[str]:
        """Return the names of all data sets, ``schema.table``."""
        return sorted([*self._tables, *self._sources, RECEIPTS])

    def schema(self, name: str) -> pl.Schema:
        """Return the columns of a data set."""
        if name in self._tables:
            return polars_schema(self._tables[name].model)
        return RECEIPT_COLUMNS if name == RECEIPTS else SEGMENT_SCHEMA

    def check(self, names: Collection[str], allowed: Collection[str] | None = None) -> None:
        """Make sure that data sets exist, and are among those ``allowed`` (by default all).

        Raises:
            QueryError: one does not; the message lists those that are known.
        """
        known = [name for name in self.names() if allowed is None or name in allowed]
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise QueryError(f"no data set {', '.join(unknown)}; there are {', '.join(known)}")

    def open(self, names: Collection[str], manifest: Manifest | None) -> Opened:
        """Open the named data sets; tables in the versions that a manifest names, or the newest without one."""
        opened = Opened()
        for name in sorted(names):
            paths: list[str] = []
            rest = pl.DataFrame()
            if name in self._tables:
                table = self._tables[name].table_in(self.lake, manifest)
                paths = self._files.of_table(table, table.files())
            elif name == RECEIPTS:
                rest = _receipts(self.lake)
            else:
                keys, rest = self.lake.segments.live(self._sources[name])
                paths = self._files.paths(keys)
            select = select_files(self.schema(name), paths, partitioned=name in self._tables)
            if rest.height:
                key = f"rest_of_{name.replace('.', '_')}"
                opened.frames[key] = rest
                select = f"{select} UNION ALL BY NAME SELECT * FROM {identifier(key)}"  # noqa: S608  # a name of the catalogue
            opened.views.append((name, select))
            opened.paths.extend(paths)
        return opened


def run_query(catalogue: Catalogue, sql: str) -> pa.Table:
    """Run one SELECT and return its result.

    Raises:
        QueryError: not exactly one SELECT, an unknown data set, something forbidden, or DuckDB's own error.
    """
    try:
        with language.connect() as connection:
            statement = language.statement_of(connection, sql)
            names = language.data_sets_of(connection, sql)
            catalogue.check(names)
            opened = catalogue.open(names, catalogue.lake.manifests.newest())
            for key, frame in opened.frames.items():
                connection.register(key, frame.to_arrow())
            language.create_views(connection, opened.views)
            language.lock(connection, opened.paths)
            return connection.sql(statement).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(str(error)) from error


def render(result: pa.Table, output: str) -> bytes:
    """Return the result as text (a table for people, CSV, one JSON object a line) or as Parquet."""
    frame = pl.DataFrame(result)
    if output == "table":
        return as_table(frame).encode()
    buffer = io.BytesIO()
    writers: dict[str, Any] = {"csv": frame.write_csv, "json": frame.write_ndjson, "parquet": frame.write_parquet}
    writers[output](buffer)
    return buffer.getvalue()


def as_table(frame: pl.DataFrame) -> str:
    """Return the frame as text for a terminal, whole values, numbers aligned right."""
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        fmt_str_lengths=200,
        tbl_width_chars=-1,
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        tbl_cell_numeric_alignment="RIGHT",
    ):
        return f"{frame}\n{frame.height} rows\n"


def _receipts(lake: Lake) -> pl.DataFrame:
    attributes = ["sha256" if name == "raw_sha256" else name for name in RECEIPT_COLUMNS]
    rows = [[getattr(receipt, name) for name in attributes] for receipt in lake.receipts.all()]
    return pl.DataFrame(rows, schema=RECEIPT_COLUMNS, orient="row")
