"""Excel workbooks: rows become JSON text, and are read as such; times become ISO 8601."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import IO, Any

import numpy as np
import orjson
import polars as pl

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import MAX_DOCUMENT_BYTES, Problem, SplitBatch, UnreadableFileError
from complaints_platform.sources.json_text import objects_batch
from complaints_platform.sources.mapping import refuse_twice, require_columns

BATCH_ROWS = 16_384

Row = tuple[int, tuple[Any, ...]]
"""Number of a row in its sheet, and the values of its cells."""


def split_workbook(
    file: IO[bytes], sheet: str | None, paths: Sequence[str], required: Sequence[str]
) -> Iterator[SplitBatch]:
    """Read the rows of a sheet (None: the first) below its header, the first row with a value.

    ``record_number`` counts rows with a value from 1; ``line_number`` is the row in the sheet.

    Raises:
        UnreadableFileError: no workbook, no such sheet, no header, or a column of ``required`` is missing.
    """
    rows = _rows(file, sheet)
    try:
        _, cells = next(rows)
    except StopIteration:
        raise UnreadableFileError(QuarantineReason.EMPTY_FILE, "its sheet has no value; ask for it again") from None
    header = ["" if cell is None else str(cell).strip() for cell in cells]
    require_columns(header, required)
    refuse_twice(header, paths)
    records = 0
    while batch := _some(rows):
        kept = [row for row in batch if not isinstance(row, Problem)]
        yield _read(kept, header, records, paths)
        records += len(kept)
        for problem in batch:
            if isinstance(problem, Problem):
                yield SplitBatch(problems=[problem._replace(record_number=records + 1)])


def _some(rows: Iterator[Row | Problem]) -> list[Row | Problem]:
    return list(islice(rows, BATCH_ROWS))
