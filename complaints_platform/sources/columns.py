"""The columns of a sender's file: which ones a contract uses, and their values as sent."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import UnreadableFileError, value_column

MAX_LISTED_COLUMNS = 40
COLUMN_NAME = re.compile(r"[^\W\d][\w .#/()%:&-]{0,59}")


@dataclass(frozen=True)
class Columns:
    """The columns, or paths into nested objects, that a contract looks at; each once."""

    mapped: list[str]
    """All of them."""
    required: list[str]
    """Those without which no record can be read."""

    @classmethod
    def of(cls, required: Sequence[str], optional: Sequence[str]) -> Self:
        """Return both, in the order given."""
        return cls(list(dict.fromkeys([*required, *optional])), list(dict.fromkeys(required)))


def several(paths: str | list[str] | None) -> list[str]:
    """Return one path, several or none as a list."""
    return [paths] if isinstance(paths, str) else paths or []


def require_columns(names: Sequence[str], required: Iterable[str], *, nested: bool = False) -> None:
    """Make sure that all of ``required`` are there; of a path into a nested column, its first part.

    Raises:
        UnreadableFileError: one is missing; the detail names what there is.
    """
    there, wanted = set(names), list(required)
    missing = [path for path in wanted if path not in there and not (nested and path.split(".")[0] in there)]
    if missing:
        raise UnreadableFileError(
            QuarantineReason.MISSING_COLUMN,
            f"has no column {listed(missing)}; {_columns_or_count(names, is_header=len(missing) < len(set(wanted)))}; "
            "correct the contract's fields and format, or ask the sender",
        )


def refuse_twice(names: Sequence[str], paths: Iterable[str]) -> None:
    """Make sure that no mapped column is there twice.

    Raises:
        UnreadableFileError: one is.
    """
    twice = [path for path in paths if names.count(path) > 1]
    if twice:
        raise UnreadableFileError(
            QuarantineReason.DUPLICATE_HEADER,
            f"has several columns {listed(twice)}: nobody can say which is meant; ask the sender",
        )


def listed(names: Sequence[str]) -> str:
    """Name columns for people."""
    return ", ".join(map(repr, names))


def _columns_or_count(names: Sequence[str], *, is_header: bool) -> str:
    """List columns for people, unless they may be the record of a file without a header.

    A first line that holds none of the expected names may be somebody's name and complaint.
    """
    if not is_header or not all(COLUMN_NAME.fullmatch(name) for name in names if name):
        return f"its first line has {len(names)} fields and does not look like a header"
    more = f" and {len(names) - MAX_LISTED_COLUMNS} more" if len(names) > MAX_LISTED_COLUMNS else ""
    return f"its columns are {listed(names[:MAX_LISTED_COLUMNS])}{more}"


def with_blanks_as_null(frame: pl.DataFrame, paths: Sequence[str]) -> pl.DataFrame:
    """Give every path a column, with null where its value is missing or white space only."""
    names = [value_column(path) for path in paths]
    return frame.select(
        "record_number",
        "line_number",
        "raw_record",
        *(pl.when(pl.col(name).str.strip_chars() != "").then(name) for name in names if name in frame.columns),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in frame.columns),
    )


def joined(paths: str | list[str] | None) -> pl.Expr:
    """The values at ``paths``, as sent, joined by a space; null where all are."""
    columns = [pl.col(value_column(path)) for path in several(paths)]
    if not columns:
        return pl.lit(None, dtype=pl.String)
    if len(columns) == 1:
        return columns[0]
    text = pl.concat_str(columns, separator=" ", ignore_nulls=True)
    return pl.when(pl.any_horizontal(column.is_not_null() for column in columns)).then(text)
