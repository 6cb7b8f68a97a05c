"""Data sets and results as files: CSV, Parquet and Arrow, written piece by piece so that size costs no memory."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from complaints_platform.lake.data_sets import TABLES, TableSpec
from complaints_platform.lake.manifests import Manifest
from complaints_platform.learning.spreadsheets import inert
from complaints_platform.marts.measuring import filter_conditions
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.failures import RequestFailed, not_found
from complaints_platform.serving.scope import Filters
from complaints_platform.serving.service import Service
from complaints_platform.serving.sql import language
from complaints_platform.serving.store.parquet import PARTITION, identifier, select_files
from complaints_platform.serving.store.warehouse import day_column

Format = Literal["csv", "parquet", "arrow"]
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
BATCH_ROWS = 50_000
EXPORTABLE = {spec.sql_name: spec for spec in TABLES}


class _Sink(io.BytesIO):
    """Gathers what a writer writes until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._given = 0

    def tell(self) -> int:
        return self._given + super().tell()

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        data = self.getvalue()
        self._given += len(data)
        super().seek(0)
        self.truncate()
        return data


def files_of(batches: Iterator[pa.RecordBatch], schema: pa.Schema, output: Format, *, safe: bool) -> Iterator[bytes]:
    """Yield a file piece by piece; ``safe`` puts an apostrophe before texts like formulas, in CSV."""
    if output == "csv":
        yield from _csv(batches, schema, safe=safe)
        return
    sink = _Sink()
    writer = (
        pq.ParquetWriter(sink, schema, compression="zstd") if output == "parquet" else pa.ipc.new_stream(sink, schema)
    )
    with writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


def spec_of(dataset: str) -> TableSpec:
    """Return an exportable data set.

    Raises:
        RequestFailed: 404, there is none of this name.
    """
    if dataset not in EXPORTABLE:
        raise not_found(f"data set {dataset}; there are {', '.join(EXPORTABLE)}")
    return EXPORTABLE[dataset]


def export(  # noqa: PLR0913  # what an export consists of
    service: Service,
    spec: TableSpec,
    manifest: Manifest | None,
    days: tuple[date | None, date | None],
    filters: Filters,
    output: Format,
    *,
    safe: bool,
) -> Iterator[bytes]:
    """Yield a data set as a file, of the version that a manifest names.

    Raises:
        RequestFailed: 400, the data set has no column that is filtered by.
    """
    schema = polars_schema(spec.model)
    missing = sorted(filters.where.keys() - set(schema.names()))
    if missing:
        raise RequestFailed(400, "no_such_column", f"{spec.sql_name} has no column {', '.join(missing)}")
    table = spec.table_in(service.lake, manifest)
    day = day_column(spec)
    # A day of the reporting zone lies in up to three of UTC, by which the table is divided.
    margin = timedelta(days=int(day != PARTITION))
    first, last = (None if end is None else end + sign * margin for end, sign in zip(days, (-1, 1), strict=True))
    files = [
        file
        for file in sorted(table.files(), key=lambda file: (file.partition, file.path))
        if (first is None or file.partition >= first.isoformat())
        and (last is None or file.partition <= last.isoformat())
    ]
    parts, values = filter_conditions(filters.where)
    for end, comparison in zip(days, (">=", "<="), strict=True):
        if end is not None:
            parts.append(f"coalesce({identifier(day)}, {identifier(PARTITION)}) {comparison} ?")
            values.append(end)
    condition = f" WHERE {' AND '.join(parts)}" if parts else ""
    # One day at a time, fetched when it is its turn: a client that goes away stops between days, and memory and
    # cache are bounded by a day.
    selects = (select_files(schema, service.files.of_table(table, [file])) + condition for file in files)
    return files_of(_rows(service, selects, values), pl.DataFrame(schema=schema).to_arrow().schema, output, safe=safe)


def _rows(service: Service, selects: Iterator[str], values: list[object]) -> Iterator[pa.RecordBatch]:
    with language.connect(service.settings.serving_memory_mb // 4, 1) as connection:
        for select in selects:
            reader: Any = connection.sql(select, params=values or None).to_arrow_reader(BATCH_ROWS)
            for batch in reader:
                yield from pl.DataFrame(batch).to_arrow().to_batches()


def _csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema, *, safe: bool) -> Iterator[bytes]:
    yield pl.DataFrame(schema.empty_table()).write_csv().encode()
    for batch in batches:
        frame = pl.DataFrame(batch)
        nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
        frame = frame.with_columns(pl.col(name).map_elements(str, return_dtype=pl.String) for name in nested)
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        safe_frame = frame.with_columns(inert(name) for name in texts) if safe else frame
        yield safe_frame.write_csv(include_header=False).encode()
