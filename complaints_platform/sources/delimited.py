"""Delimited text (CSV): where its records begin and end, and what their fields are.

Records follow RFC 4180: fields between delimiters, optionally quoted, with quotes doubled and
line ends kept inside quotes; LF, CRLF and CR end a record. As Python's csv module does, a quote
inside an unquoted field is taken as it stands. Blank lines are no records.

A record that breaks the rules must not take others with it. It ends before the next line that
reads as a record of its own (with the header's number of fields); failing that, where its own
quoting ends; and if its quoting never ends, with the file, or it is too long and everything up
to the next line that reads as a record is dropped. These decisions look ahead no further than
``MAX_RECORD_BYTES``, so they do not depend on how the file is cut into blocks.
"""

import codecs
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
import polars as pl

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import (
    MAX_RECORD_BYTES,
    Problem,
    SplitBatch,
    UnreadableFileError,
    broken_rest,
    oversized,
    value_column,
)
from complaints_platform.sources.columns import Columns, refuse_twice, require_columns
from complaints_platform.sources.contract import CsvFormat
from complaints_platform.sources.lines import (
    LINE_END,
    Block,
    Positions,
    count_line_ends,
    line_ends,
    slices,
    texts_between,
)

REACH = MAX_RECORD_BYTES + len(b"\r\n")


class Ending(Enum):
    """How the attempt to read a record from some position ended."""

    COMPLETE = auto()
    GARBAGE = auto()
    """Something follows a closing quote."""
    OPEN_QUOTE = auto()
    """A quoted field does not end within reach."""
    TOO_LONG = auto()
    """An unquoted field does not end within reach."""
    UNDECIDED = auto()
    """The block ends before it can be said."""


class Attempt(NamedTuple):
    """A record as it reads from some position: how it ends, where (after its line end), its fields."""

    ending: Ending
    end: int
    fields: list[bytes]


class Skip(Enum):
    """What is being dropped after a record that is too long."""

    NOTHING = auto()
    LINE = auto()
    """The rest of this line."""
    UNTIL_RECORD = auto()
    """The rest of this line, and all lines up to one that reads as a record."""
    UNTIL_RECORD_HERE = auto()
    """The same, but a line starts here and is yet to be tried."""


class Dialect:
    """The patterns of one delimiter and quote, each one byte."""

    def __init__(self, csv_format: CsvFormat) -> None:
        self.delimiter, self.quote = csv_format.delimiter, csv_format.quote
        cut, self.mark = self.delimiter.encode(), self.quote.encode()
        c, q = re.escape(cut), re.escape(self.mark)
        self._quoted = rb"%b(?:[^%b]++|%b%b)*+%b" % (q, q, q, q, q)
        self._cut = c
        self._bare = rb"[^%b%b\r\n]*+" % (c, q)
        self.quoted = re.compile(self._quoted)
        self.bare = re.compile(rb"[^%b\r\n]*+" % c)
        self.blank = re.compile((rb"[ ]*+" if cut == b"\t" else rb"[ \t]*+") + rb"(?:\r\n|\n|\r|\Z)")

    def record(self, width: int) -> re.Pattern[bytes]:
        """Pattern of a strictly valid record of ``width`` fields with its line end."""
        one = rb"(?:%b|%b)" % (self._quoted, self._bare)
        return re.compile(rb"%b(?:%b%b){%d}(?:\r\n|\n|\r|\Z)" % (one, self._cut, one, width - 1))

    def unquoted(self, field_bytes: bytes) -> bytes:
        """Take the quotes off a quoted field."""
        return field_bytes[1:-1].replace(self.mark * 2, self.mark)


def attempt(block: Block, start: int, dialect: Dialect) -> Attempt:
    """Read one record from ``start`` as it comes, with whatever number of fields it has."""
    text, reach = block.text, min(len(block.text), start + REACH)
    beyond_block = reach == len(text) and reach < start + REACH and not block.final
    fields: list[bytes] = []
    position = start
    while True:
        quoted = text.startswith(dialect.mark, position, reach)
        match = (dialect.quoted if quoted else dialect.bare).match(text, position, reach)
        touches = match is None or (match.end() == reach and not block.ends_at(reach))
        if match is None or touches:
            open_ending = Ending.OPEN_QUOTE if quoted else Ending.TOO_LONG
            return Attempt(Ending.UNDECIDED if beyond_block else open_ending, reach, fields)
        position = match.end()
        fields.append(dialect.unquoted(match[0]) if quoted else match[0])
        if block.ends_at(position) or text[position] in b"\r\n":
            return _ended(block, start, position, fields)
        if text[position : position + 1] != dialect.delimiter.encode():
            line_end = LINE_END.search(text, position, reach)
            end = line_end.end() if line_end else reach
            return Attempt(Ending.UNDECIDED if block.is_open_at(end) else Ending.GARBAGE, end, fields)
        position += 1


def _ended(block: Block, start: int, position: int, fields: list[bytes]) -> Attempt:
    """Close a record whose last field ends at ``position``."""
    if position - start > MAX_RECORD_BYTES:
        return Attempt(Ending.TOO_LONG, position, fields)
    line_end = LINE_END.match(block.text, position)
    end = line_end.end() if line_end else position
    if line_end and block.is_open_at(end):
        return Attempt(Ending.UNDECIDED, position, fields)
    return Attempt(Ending.COMPLETE, end, fields)


class Bad(NamedTuple):
    """A record that can't be read: where it stands among all records of the block, and where it starts."""

    ordinal: int
    start: int
    reason: QuarantineReason
    detail: str


@dataclass
class FoundRecords:
    """What was found in a block.

    Attributes:
        starts: Where each good record starts; bytes.
        ends: Where each ends, after its line end.
        rewritten: Good records (by index) that are not strictly valid, in strictly valid form.
        bad: The records that can't be read.
        consumed: How much of the block all this takes; the rest waits for the next block.
    """

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    rewritten: dict[int, bytes] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    consumed: int = 0

    def quarantine(self, start: int, reason: QuarantineReason, detail: str) -> None:
        """Note a bad record."""
        self.bad.append(Bad(len(self.starts) + len(self.bad), start, reason, detail))


class RecordFinder:
    """Finds the records of one file, block by block."""

    def __init__(self, dialect: Dialect, width: int) -> None:
        self.dialect, self.width = dialect, width
        self._match = dialect.record(width).match
        self._skip = Skip.NOTHING

    def find(self, block: Block, start: int = 0) -> FoundRecords:
        """Find records from ``start`` on, as far as the block decides them."""
        text, size, match = block.text, len(block.text), self._match
        has_nul = b"\x00" in text
        found = FoundRecords()
        position = start
        while position < size:
            if self._skip is not Skip.NOTHING:
                following = self._skipped(block, position)
            else:
                strict = match(text, position, min(size, position + REACH))
                if strict is not None and self._accepts(block, position, strict.end(), has_nul=has_nul):
                    found.starts.append(position)
                    position = strict.end()
                    found.ends.append(position)
                    continue
                following = self._carefully(block, position, found)
            if following is None:
                break
            position = following
        found.consumed = position
        return found

    def _accepts(self, block: Block, start: int, end: int, *, has_nul: bool) -> bool:
        """Tell whether a strict match is a record beyond doubt."""
        if end - start > MAX_RECORD_BYTES or block.is_open_at(end):
            return False
        if self.width == 1 and not block.text[start:end].strip():
            return False
        return not (has_nul and b"\x00" in block.text[start:end])

    def _carefully(self, block: Block, start: int, found: FoundRecords) -> int | None:
        """Deal with what is no strictly valid record; return where to go on, None if undecided."""
        blank = self.dialect.blank.match(block.text, start)
        if blank is not None:
            return None if block.is_open_at(blank.end()) else blank.end()
        record = attempt(block, start, self.dialect)
        if record.ending is Ending.UNDECIDED:
            return None
        if self._fits(record):
            self._take(block, start, record, found)
            return record.end
        following = self._next_record(block, start, record.end)
        if following is None:
            return None
        if following < record.end or record.ending in (Ending.COMPLETE, Ending.GARBAGE):
            reason, detail = self._malformed(block, record)
            found.quarantine(start, reason, detail)
            return following
        return self._endless(block, start, record, found)

    def _fits(self, record: Attempt) -> bool:
        return record.ending is Ending.COMPLETE and len(record.fields) == self.width

    def _take(self, block: Block, start: int, record: Attempt, found: FoundRecords) -> None:
        """Keep a record that is valid but for quotes inside unquoted fields."""
        if b"\x00" in block.text[start : record.end]:
            found.quarantine(
                start,
                QuarantineReason.MALFORMED_RECORD,
                "holds NUL characters, or bytes that the contract's encoding does not know; "
                "check how the file was made, or set encoding: detect",
            )
            return
        found.rewritten[len(found.starts)] = self._rewritten(record.fields)
        found.starts.append(start)
        found.ends.append(record.end)

    def _rewritten(self, fields: list[bytes]) -> bytes:
        mark = self.dialect.mark
        quoted = (mark + value.replace(mark, mark * 2) + mark for value in fields)
        return self.dialect.delimiter.encode().join(quoted)

    def _next_record(self, block: Block, start: int, end: int) -> int | None:
        """Find the first line after ``start`` that reads as a record; ``end`` if none, None if undecided."""
        for line_end in LINE_END.finditer(block.text, start, end):
            line = line_end.end()
            if line >= end:
                break
            record = attempt(block, line, self.dialect)
            if record.ending is Ending.UNDECIDED:
                return None
            if self._fits(record):
                return line
        return end

    def _malformed(self, block: Block, record: Attempt) -> tuple[QuarantineReason, str]:
        place = f"field {len(record.fields)}"
        if record.ending is Ending.GARBAGE:
            detail = (
                f"text follows the closing quote of {place}: an opening quote before it was never closed, "
                "or quotes inside the field are not doubled"
            )
        elif record.ending is Ending.COMPLETE:
            detail = (
                f"has {len(record.fields)} fields where the header has {self.width}; "
                "fields that hold the delimiter or a line end must be quoted"
            )
            cut_off = block.ends_at(record.end) and block.text[-1] not in b"\r\n"
            if cut_off and len(record.fields) < self.width:
                return QuarantineReason.TRUNCATED_FILE, f"the file ends in its middle: it {detail}; ask for it again"
        else:
            detail = f"a quote that opens in field {len(record.fields) + 1} is never closed"
        return QuarantineReason.MALFORMED_RECORD, detail

    def _endless(self, block: Block, start: int, record: Attempt, found: FoundRecords) -> int:
        """Deal with a record that has no end in sight, and no other record in it."""
        if block.ends_at(record.end):
            found.quarantine(
                start,
                QuarantineReason.TRUNCATED_FILE,
                f"the file ends inside a quote that opens in field {len(record.fields) + 1}; ask for it again",
            )
            return record.end
        _, _, reason, detail = oversized(0, 0)
        found.quarantine(start, reason, detail)
        self._skip = Skip.UNTIL_RECORD if record.ending is Ending.OPEN_QUOTE else Skip.LINE
        return record.end - 1  # so that a line end right before the reach is seen

    def _skipped(self, block: Block, start: int) -> int | None:
        """Drop what belongs to a record that is too long; return where to go on, None if undecided."""
        if self._skip is Skip.UNTIL_RECORD_HERE:
            record = attempt(block, start, self.dialect)
            if record.ending is Ending.UNDECIDED:
                return None
            self._skip = Skip.NOTHING if self._fits(record) else Skip.UNTIL_RECORD
            return start
        line_end = LINE_END.search(block.text, start)
        if line_end is None:
            return len(block.text)
        if block.is_open_at(line_end.end()):
            return None if line_end.start() == start else line_end.start()
        self._skip = Skip.NOTHING if self._skip is Skip.LINE else Skip.UNTIL_RECORD_HERE
        return line_end.end()


def split_delimited(blocks: Iterator[Block], csv_format: CsvFormat, columns: Columns) -> Iterator[SplitBatch]:
    """Split a delimited text, given as UTF-8, into records with the ``columns`` that a contract maps.

    ``record_number`` counts from 1 after the header, bad records included.

    Raises:
        UnreadableFileError: there is no header, or it lacks a column that the contract needs.
    """
    dialect = Dialect(csv_format)
    rest, header, finder = b"", None, None
    records, lines = 0, 0
    for incoming in blocks:
        block, start = Block(rest + incoming.text, final=incoming.final, damage=incoming.damage), 0
        if finder is None or header is None:
            attempted = _header(block, dialect)
            if attempted is None:
                rest = block.text
                continue
            start, header = attempted.end, _positions(attempted, columns)
            finder = RecordFinder(dialect, len(attempted.fields))
        found = finder.find(block, start)
        if found.starts or found.bad:
            yield _as_batch(block, found, finder, header, (records, lines))
        records += len(found.starts) + len(found.bad)
        lines += count_line_ends(block.text[: found.consumed])
        rest = block.text[found.consumed :]
        if block.damage is not None:
            yield SplitBatch(problems=[broken_rest(records + 1, lines + 1, block.damage)])
    if finder is None:
        raise UnreadableFileError(QuarantineReason.EMPTY_FILE, "holds no line with text; ask the sender for it again")


def _header(block: Block, dialect: Dialect) -> Attempt | None:
    """Read the first line with text; None if the block does not decide it."""
    position = 0
    while (blank := dialect.blank.match(block.text, position)) is not None and position < len(block.text):
        if block.is_open_at(blank.end()):
            break
        position = blank.end()
    if position == len(block.text):
        record = Attempt(Ending.UNDECIDED, position, [])
    else:
        record = attempt(block, position, dialect)
    if record.ending is Ending.COMPLETE:
        return record
    if block.damage is not None:
        raise UnreadableFileError(QuarantineReason.UNREADABLE_FILE, f"{block.damage}, before its header is complete")
    if record.ending is not Ending.UNDECIDED:
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            "its first line can't be read as a header: a quote is not closed, or text follows a closing quote; "
            "check the contract's delimiter and quote",
        )
    return None


def _positions(header: Attempt, columns: Columns) -> dict[str, int]:
    """Say which column each mapped path is; paths that may be missing are left out.

    Raises:
        UnreadableFileError: a column that is needed is missing, or a mapped one is there twice.
    """
    names = [name.decode("utf-8", "replace").strip() for name in header.fields]
    require_columns(names, columns.required)
    refuse_twice(names, columns.mapped)
    return {path: names.index(path) for path in columns.mapped if path in names}


def _as_batch(
    block: Block, found: FoundRecords, finder: RecordFinder, header: Mapping[str, int], counted: tuple[int, int]
) -> SplitBatch:
    """Take the good records of a block to pieces, and number all of them."""
    records, lines = counted
    ends_of_lines = line_ends(block.text[: found.consumed])
    numbers = np.delete(np.arange(len(found.starts) + len(found.bad)), [bad.ordinal for bad in found.bad])
    starts = np.array(found.starts, dtype=np.int64)
    ends = _without_line_ends(block.text, np.array(found.ends, dtype=np.int64))
    columns = _fields(block, found, (starts, ends), finder, header)
    frame = pl.DataFrame(
        {
            "record_number": numbers + (records + 1),
            "line_number": np.searchsorted(ends_of_lines, starts, side="right") + (lines + 1),
            "raw_record": texts_between(block.text, starts, ends),
            **columns,
        }
    )
    bad_lines = np.searchsorted(ends_of_lines, [bad.start for bad in found.bad], side="right") + (lines + 1)
    problems = [
        Problem(records + 1 + bad.ordinal, int(line), bad.reason, bad.detail)
        for bad, line in zip(found.bad, bad_lines, strict=True)
    ]
    return SplitBatch(frame, problems)


def _without_line_ends(text: bytes, ends: Positions) -> Positions:
    """Move the ends of records before their line ends."""
    characters = np.frombuffer(text, dtype=np.uint8)
    for line_end in b"\n\r":
        ends = (ends - (characters[ends - 1] == line_end)).astype(np.int64)
    return ends


def _fields(
    block: Block,
    found: FoundRecords,
    extents: tuple[Positions, Positions],
    finder: RecordFinder,
    header: Mapping[str, int],
) -> dict[str, pl.Series]:
    """Return the mapped columns of the good records."""
    if not found.starts:
        return {value_column(path): pl.Series(dtype=pl.String) for path in header}
    table = _by_polars(_strictly_valid(block, found, *extents), finder, sorted(set(header.values())))
    if table is None or table.height != len(found.starts):
        table = _one_by_one(block, found, finder)
    return {value_column(path): table[f"{index}"] for path, index in header.items()}


def _strictly_valid(block: Block, found: FoundRecords, starts: Positions, ends: Positions) -> bytes:
    """Return the good records as a strictly valid text, records ended by LF."""
    in_one_piece = starts[0] + int(np.sum(np.subtract(found.ends, found.starts))) == found.ends[-1]
    if in_one_piece and not found.rewritten and b"\r" not in block.text:
        return block.text[starts[0] : found.ends[-1]]
    records = slices(block.text, starts, ends)
    for index, record in found.rewritten.items():
        records[index] = record
    return b"\n".join(records)


def _by_polars(text: bytes, finder: RecordFinder, wanted: list[int]) -> pl.DataFrame | None:
    """Read strictly valid records at speed; None if Polars would not read them as they stand."""
    if text.startswith(codecs.BOM_UTF8):
        return None  # here it is part of the first field, but Polars cuts it
    try:
        return pl.read_csv(
            io.BytesIO(text),
            has_header=False,
            separator=finder.dialect.delimiter,
            quote_char=finder.dialect.quote,
            schema={f"{index}": pl.String for index in range(finder.width)},
            columns=wanted,
        )
    except pl.exceptions.PolarsError:
        return None


def _one_by_one(block: Block, found: FoundRecords, finder: RecordFinder) -> pl.DataFrame:
    """Read the fields of good records by the definition of a record."""
    records = [attempt(block, start, finder.dialect).fields for start in found.starts]
    schema = {f"{index}": pl.String for index in range(finder.width)}
    return pl.DataFrame([[value.decode() for value in record] for record in records], schema=schema, orient="row")
