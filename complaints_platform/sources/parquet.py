"""Parquet files: rows become JSON text, and are read as such; times become ISO 8601."""

from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.datatypes import DataTypeClass

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import Problem, SplitBatch, UnreadableFileError
from complaints_platform.sources.columns import require_columns
from complaints_platform.sources.json_text import objects_batch

BATCH_ROWS = 16_384


def split_parquet(file: IO[bytes], paths: Sequence[str], required: Sequence[str]) -> Iterator[SplitBatch]:
    """Read the rows of a Parquet file, row group by row group.

    A row group that can't be read counts as one bad record; the others are kept.

    Raises:
        UnreadableFileError: no Parquet file, or a column of ``required`` is missing.
    """
    try:
        parquet = pq.ParquetFile(file)
        names = parquet.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            "is no Parquet file, or only a part of one: its end, where the description of its columns should be, "
            "can't be read; ask for it again",
        ) from error
    require_columns(names, required, nested=True)
    records = 0
    for group in range(parquet.num_row_groups):
        size = parquet.metadata.row_group(group).num_rows
        yield from _row_group(parquet, group, records, paths)
        records += size


def _row_group(parquet: pq.ParquetFile, group: int, records: int, paths: Sequence[str]) -> Iterator[SplitBatch]:
    done = 0
    try:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, row_groups=[group]):
            yield _rows(_as_json(batch), np.arange(batch.num_rows) + (records + done + 1), paths)
            done += batch.num_rows
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        first = records + done + 1
        size = parquet.metadata.row_group(group).num_rows - done
        detail = (
            f"{size:,} rows of row group {group + 1} are damaged or hold types that can't be read; ask for it again"
        )
        yield SplitBatch(problems=[Problem(first, first, QuarantineReason.MALFORMED_RECORD, detail)])


def _as_json(batch: pa.RecordBatch) -> pl.Series:
    """Write each row as a JSON object."""
    frame = pl.DataFrame(pl.from_arrow(batch))
    return frame.select(_without_bytes(column) for column in frame).to_struct().struct.json_encode()


def _without_bytes(column: pl.Series) -> pl.Series:
    """Turn bytes into text, which JSON needs: old writers leave texts unmarked. Bytes that are no text become null."""
    wanted = _text_type(column.dtype)
    if wanted == column.dtype:
        return column
    try:
        return column.cast(wanted)
    except pl.exceptions.ComputeError:
        values = [_text_or_none(value) if isinstance(value, bytes) else None for value in column]
        return pl.Series(column.name, values, dtype=pl.String)


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _text_type(dtype: pl.DataType) -> pl.DataType:
    """The type with String wherever ``dtype`` has Binary."""
    if isinstance(dtype, pl.Binary):
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(_text_type(_instance(dtype.inner)))
    if isinstance(dtype, pl.Array):
        return pl.Array(_text_type(_instance(dtype.inner)), dtype.size)
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _text_type(_instance(field.dtype)) for field in dtype.fields})
    return dtype


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()


def _rows(raw: pl.Series, numbers: np.ndarray, paths: Sequence[str]) -> SplitBatch:
    texts = [text.encode() for text in raw]
    return objects_batch(texts, raw, numbers, numbers, paths)
