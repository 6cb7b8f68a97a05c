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
from complaints_platform.sources.columns import refuse_twice, require_columns
from complaints_platform.sources.json_text import objects_batch

BATCH_ROWS = 16_384

Row = tuple[int, tuple[Any, ...]]
"""Number of a row in its sheet, from 1, and the values of its cells."""


def split_workbook(
    file: IO[bytes], sheet: str | None, paths: Sequence[str], required: Sequence[str]
) -> Iterator[SplitBatch]:
    """Read the rows of a sheet (None: the first) below its header, the first row with a value.

    ``record_number`` counts rows with a value from 1; ``line_number`` is the row in the sheet.

    Raises:
        UnreadableFileError: no workbook, no such sheet, no header, or a column of ``required`` is missing.
    """
    source = _Sheet(file, sheet)
    rows = iter(source)
    header = _header(next(rows, None), source)
    require_columns(header, required)
    refuse_twice(header, paths)
    records = 0
    while batch := list(islice(rows, BATCH_ROWS)):
        texts = [_as_json(header, cells) for _, cells in batch]
        numbers, lines = np.arange(len(batch)) + (records + 1), np.array([number for number, _ in batch])
        raw = pl.Series([text.decode() for text in texts], dtype=pl.String)
        yield objects_batch(texts, raw, numbers, lines, paths)
        records += len(batch)
    if source.damaged_after is not None:
        detail = f"the sheet is damaged after row {source.damaged_after:,}; all rows before are kept; ask for it again"
        rest = Problem(records + 1, source.damaged_after + 1, QuarantineReason.TRUNCATED_FILE, detail)
        yield SplitBatch(problems=[rest])


class _Sheet:
    """The rows of a sheet that hold a value, as far as they can be read.

    Attributes:
        damaged_after: After the last row: its number if what follows can't be read, else None.
    """

    def __init__(self, file: IO[bytes], name: str | None) -> None:
        self._sheet = _open(file, name)
        self.damaged_after: int | None = None

    def __iter__(self) -> Iterator[Row]:
        number = 0
        try:
            for number, cells in enumerate(self._sheet.iter_rows(values_only=True), start=1):
                if any(cell is not None and cell != "" for cell in cells):
                    yield number, cells
        except Exception:  # noqa: BLE001 - whatever openpyxl's layers of zip, XML and values raise, the rest is lost
            self.damaged_after = number


def _open(file: IO[bytes], name: str | None) -> Any:
    """Open a sheet for reading row by row.

    Raises:
        UnreadableFileError: no workbook, or no such sheet.
    """
    import openpyxl  # type: ignore[import-untyped,unused-ignore]

    try:
        unpacked = sum(member.file_size for member in zipfile.ZipFile(file).infolist())
        if unpacked > MAX_DOCUMENT_BYTES:
            raise UnreadableFileError(
                QuarantineReason.UNREADABLE_FILE,
                f"has {unpacked:,} bytes unpacked, more than {MAX_DOCUMENT_BYTES:,}; ask for CSV instead",
            )
        file.seek(0)
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = workbook[name] if name in workbook.sheetnames else None if name else workbook.worksheets[0]
    except UnreadableFileError:
        raise
    except Exception as error:  # openpyxl has no error type of its own for files that are no workbooks
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            "is no Excel workbook (.xlsx), or only a part of one; old .xls files must be saved anew",
        ) from error
    if sheet is None:
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            f"has no sheet {name!r}; its sheets are {', '.join(map(repr, workbook.sheetnames))}",
        )
    # Some writers leave a size of one cell in the file, which would hide all others.
    sheet.reset_dimensions()
    return sheet


def _header(row: Row | None, source: _Sheet) -> list[str]:
    if row is not None:
        return ["" if cell is None else str(cell).strip() for cell in row[1]]
    if source.damaged_after is not None:
        raise UnreadableFileError(QuarantineReason.UNREADABLE_FILE, "its sheet is damaged; ask for it again")
    raise UnreadableFileError(QuarantineReason.EMPTY_FILE, "its sheet has no value; ask for it again")


def _as_json(header: Sequence[str], cells: Sequence[Any]) -> bytes:
    """Write a row as a JSON object; cells without a name of their own are named by their column's number."""
    record: dict[str, Any] = {}
    for index, cell in enumerate(cells):
        name = header[index] if index < len(header) and header[index] else f"column {index + 1}"
        record[name if name not in record else f"{name} (column {index + 1})"] = _plain(cell)
    return orjson.dumps(record)


def _plain(cell: Any) -> Any:
    """Turn a cell's value into one that JSON has. Excel knows no dates, only times: midnight is meant as a date."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return int(cell) if abs(cell) < 1 << 53 else cell
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    return str(cell)
