"""How DuckDB reads the lake's tables: by the lists of their live files, never through Arrow data sets.

Arrow reads ahead in threads of its own that abort the interpreter when a LIMIT stops a scan early; DuckDB's own
reader stops when it is told to. Files of an object store are fetched into a folder first: data files never
change, and DuckDB's httpfs can't be counted on where there is no network. What the tables mean is the
registry's (``lake.data_sets``); what is asked of them is the callers'.
"""

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake.store import LocalStore, Store
from complaints_platform.lake.tables import StoredFile, Table

PARTITION = "day"
FETCHED_AT_ONCE = 8
SQL_TYPES: Mapping[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
    pl.Datetime("us"): "TIMESTAMP",
    pl.Boolean(): "BOOLEAN",
    pl.Int64(): "BIGINT",
    pl.Int32(): "INTEGER",
    pl.Float64(): "DOUBLE",
}


def sql_type(dtype: pl.DataType, names: Mapping[pl.DataType, str] = SQL_TYPES) -> str:
    """Return DuckDB's name of a Polars type, or another database's.

    Raises:
        LakeError: no data set had a column of such a type so far.
    """
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.DataType):
        return f"{sql_type(dtype.inner, names)}[]"
    if isinstance(dtype, pl.Struct):
        inner = pl.Schema(dtype.to_schema())
        fields = ", ".join(f'"{name}" {sql_type(field, names)}' for name, field in inner.items())
        return f"STRUCT({fields})"
    try:
        return names[dtype]
    except KeyError:
        raise LakeError(f"no SQL type is known for {dtype}") from None


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def empty_select(schema: pl.Schema) -> str:
    """Return a SELECT of no rows with the columns of ``schema``."""
    columns = ", ".join(f"NULL::{sql_type(dtype)} AS {identifier(name)}" for name, dtype in schema.items())
    return f"SELECT {columns} WHERE false"


def select_files(schema: pl.Schema, paths: Sequence[str], *, partitioned: bool = True) -> str:
    """Return a SELECT of all rows of Parquet files, with exactly the columns of ``schema``, in order.

    Columns that a file does not have, because it was written before they were added, are null. The column ``day`` of
    ``partitioned`` files stands in their paths (``day=YYYY-MM-DD``), not in the files.
    """
    empty = empty_select(schema)
    if not paths:
        return empty
    files = ", ".join(literal(path) for path in paths)
    hive = f", hive_partitioning = {str(partitioned).lower()}"
    hive += f", hive_types = {{'{PARTITION}': DATE}}" if partitioned else ""
    columns = ", ".join(identifier(name) for name in schema.names())
    rows = f"SELECT * FROM read_parquet([{files}], union_by_name = true{hive})"  # noqa: S608  # paths of the table's log
    return f"SELECT {columns} FROM ({empty} UNION ALL BY NAME {rows})"  # noqa: S608  # columns of the data set's model


class LocalFiles:
    """Objects of the lake as local paths: those of a folder as they lie, others fetched once into a cache."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def paths(self, keys: Iterable[str]) -> list[str]:
        """Return a local path for each key, in order.

        Raises:
            LakeError: an object is gone.
        """
        paths = list(keys)
        if isinstance(self._store, LocalStore):
            return [str(self._store.path(key)) for key in paths]
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
            return list(pool.map(self._fetched, paths))

    def of_table(self, table: Table, files: Iterable[StoredFile]) -> list[str]:
        """Return local paths of a table's files."""
        return self.paths(f"{table.key}/{file.path}" for file in files)

    def forget(self, kept: Collection[str], before: datetime) -> None:
        """Delete what was fetched before a time, but for the objects ``kept``: the cache must not grow for ever."""
        for path in self._folder.rglob("*.parquet"):
            if path.relative_to(self._folder).as_posix() not in kept and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)

    def _fetched(self, key: str) -> str:
        target = self._folder / key
        with suppress(FileNotFoundError):
            os.utime(target)  # in use again: it is not deleted under whoever reads it
            return str(target)
        data = self._store.get(key)
        if data is None:
            raise LakeError(f"{self._store.uri}/{key} is gone: another version of its table took its place")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(target)
        return str(target)
