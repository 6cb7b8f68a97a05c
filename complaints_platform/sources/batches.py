"""What passes between the stages of reading: the window, records as split, batches as read, and shared limits."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from complaints_platform.schemas import QuarantineReason

MAX_RECORD_BYTES = 1 << 20
"""A record of more UTF-8 bytes than this is quarantined. The longest complaints known (CFPB) have 32 KB."""

MAX_DOCUMENT_BYTES = 512 << 20
"""JSON documents and workbooks, which are read whole, may have this many bytes decompressed."""

QUARANTINE_SCHEMA = pl.Schema(
    {"record_number": pl.Int64, "line_number": pl.Int64, "reason": pl.String, "detail": pl.String}
)


@dataclass(frozen=True)
class Window:
    """The stretch of time in which a complaint may have occurred."""

    first_day: date
    """In UTC; older records are quarantined as ``before_history``."""
    now: datetime
    """Time-zone aware; records later than this plus ``mapping.CLOCK_SKEW`` are quarantined as ``in_the_future``."""


@dataclass(frozen=True)
class ReadBatch:
    """Some records of a file, in the file's order."""

    records: pl.DataFrame
    """The schema of ``RawRecord``."""
    quarantined: pl.DataFrame
    """``QUARANTINE_SCHEMA``: record 0 is the whole file, line 0 an unknown one; details never quote a record's text."""
    filtered: int
    """How many records the contract says are no complaints."""

    @property
    def received(self) -> int:
        """How many records the batch accounts for; an unreadable file or rest of one counts as one."""
        return self.records.height + self.quarantined.height + self.filtered


class Problem(NamedTuple):
    """A record, or a file (record number 0), that can't be read."""

    record_number: int
    line_number: int
    reason: QuarantineReason
    detail: str


@dataclass(frozen=True)
class SplitBatch:
    """Records split into values, not yet understood.

    Attributes:
        frame: One row a readable record: ``record_number`` and ``line_number`` (Int64),
            ``raw_record`` (String) and, as String, one column for each path that the contract
            maps, named by ``value_column(path)``.
        problems: The records that could not be read.
    """

    frame: pl.DataFrame | None = None
    problems: list[Problem] = field(default_factory=list)


class UnreadableFileError(Exception):
    """The file as a whole can't be read. Raised and caught inside this package only."""

    def __init__(self, reason: QuarantineReason, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(0, 0, reason, detail)


def value_column(path: str) -> str:
    """Name of the column that holds the values at ``path``; the prefix keeps it apart from our own columns."""
    return f"value:{path}"


def quarantine_frame(problems: list[Problem]) -> pl.DataFrame:
    """Return ``problems`` as a frame of ``QUARANTINE_SCHEMA``."""
    rows = [(number, line, reason.value, detail) for number, line, reason, detail in problems]
    return pl.DataFrame(rows, schema=QUARANTINE_SCHEMA, orient="row")


def broken_rest(record_number: int, line_number: int, damage: str) -> Problem:
    """The problem of all that follows the last record that could be read."""
    detail = f"{damage}; all records before it are kept; ask for the file again"
    return Problem(record_number, line_number, QuarantineReason.TRUNCATED_FILE, detail)


def oversized(record_number: int, line_number: int) -> Problem:
    """The problem of a record beyond ``MAX_RECORD_BYTES``."""
    return Problem(
        record_number,
        line_number,
        QuarantineReason.OVERSIZED_RECORD,
        f"longer than {MAX_RECORD_BYTES:,} bytes; ask the sender whether a line end or a closing quote is missing",
    )
