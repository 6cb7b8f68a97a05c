"""Read-only SQL over all data sets, by DuckDB in process.

A query sees the data sets as ``schema.table``, named as their assets are, and nothing else: it
can't read files, reach the network, change settings or write. All tables of a query are read in the
versions that one manifest names; raw records and receipts are what is there when it begins.
"""

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self, TypeAlias

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds

from complaints_platform.errors import QueryError
from complaints_platform.lake import Lake
from complaints_platform.pipeline.data_sets import TABLES
from complaints_platform.settings import Settings
from complaints_platform.sources.contract import load_contracts

FORMATS = ("table", "csv", "json", "parquet")
Relation: TypeAlias = ds.Dataset | pa.Table

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


class Catalogue:
    """The data sets that a query can name."""

    def __init__(self, lake: Lake, sources: list[str]) -> None:
        self._lake = lake
        self._tables = {spec.sql_name: spec for spec in TABLES}
        self._others: dict[str, Callable[[], Relation]] = {
            f"raw.{source}": partial(lake.segments.dataset, source) for source in sources
        }
        self._others["lake.receipts"] = partial(_receipts, lake)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the catalogue of the lake and sources that ``settings`` name."""
        return cls(Lake(settings.lake), sorted(load_contracts(settings.sources)))

    def names(self) -> list[str]:
        """Return the names of all data sets, ``schema.table``."""
        return sorted([*self._tables, *self._others])

    def open(self, names: set[str]) -> Mapping[str, Relation]:
        """Open the named data sets; tables in versions that belong together.

        Raises:
            QueryError: a name is unknown; the message lists those that are known.
        """
        unknown = sorted(names - set(self.names()))
        if unknown:
            raise QueryError(f"no data set {', '.join(unknown)}; there are {', '.join(self.names())}")
        manifest = self._lake.manifests.newest()
        tables = {name: self._tables[name].table_in(self._lake, manifest) for name in names & self._tables.keys()}
        return {
            **{name: table.dataset() for name, table in tables.items()},
            **{name: self._others[name]() for name in names & self._others.keys()},
        }


def run_query(catalogue: Catalogue, sql: str) -> pa.Table:
    """Run one SELECT and return its result.

    Raises:
        QueryError: not exactly one SELECT, an unknown data set, something forbidden, or
            DuckDB's own error.
    """
    connection = duckdb.connect(config={"python_enable_replacements": False})
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("only a single SELECT is allowed")
        for number, (name, relation) in enumerate(catalogue.open(_qualified_names(connection, sql)).items()):
            schema, table = name.split(".")
            connection.register(f"_{number}", relation)
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            connection.execute(f'CREATE VIEW "{schema}"."{table}" AS SELECT * FROM _{number}')  # noqa: S608  # names of the catalogue
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection.sql(statements[0]).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    finally:
        connection.close()


def _qualified_names(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """Return the ``schema.table`` names in a query, from its syntax tree; names of its own (WITH) have no schema.

    DuckDB's own get_table_names binds the query, which fails while the tables are not there yet.
    """
    serialized = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    names = set()
    parts: list[Any] = [json.loads(serialized[0][0])]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            if part.get("type") == "BASE_TABLE" and part.get("schema_name"):
                names.add(f"{part['schema_name']}.{part['table_name']}")
            parts += part.values()
    return names


def render(result: pa.Table, output: str) -> bytes:
    """Return the result as text (a table for people, CSV, one JSON object a line) or as Parquet."""
    frame = pl.DataFrame(result)
    if output == "table":
        return as_table(frame).encode()
    buffer = io.BytesIO()
    if output == "csv":
        frame.write_csv(buffer)
    elif output == "json":
        frame.write_ndjson(buffer)
    else:
        frame.write_parquet(buffer)
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


def _receipts(lake: Lake) -> Relation:
    rows = [
        (
            receipt.source,
            receipt.sha256,
            receipt.file_name,
            receipt.size,
            receipt.received_at,
            receipt.received,
            receipt.filtered,
            receipt.quarantined,
        )
        for receipt in lake.receipts.all()
    ]
    return pl.DataFrame(rows, schema=RECEIPT_COLUMNS, orient="row").to_arrow()
