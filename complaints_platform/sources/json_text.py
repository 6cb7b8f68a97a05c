"""JSON objects, and text that has one of them a line.

Values are given as text: strings as they are, numbers as written (identifiers may be longer
than 64 bits), true and false, and objects and lists as JSON. Of a repeated key the last counts.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import orjson
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
from complaints_platform.sources.lines import Block, Positions, slices, texts_between


class NumberText(str):
    """A number as it is written."""

    __slots__ = ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


MOST_LEVELS = 1000
"""Python 3.11 decodes hardly deeper than this, 3.12 ten times as deep: what a file holds must not depend on it."""


class _Decoder(json.JSONDecoder):
    """Refuses what is nested too deeply, in every version of Python."""

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        value, end = super().raw_decode(s, idx)
        if s.count("[", idx, end) + s.count("{", idx, end) > MOST_LEVELS and _levels(value) > MOST_LEVELS:
            raise RecursionError(f"more than {MOST_LEVELS} lists or objects in each other")
        return value, end


def _levels(value: Any) -> int:
    levels, inner = 0, [value]
    while inner := [item for item in inner if isinstance(item, list | dict)]:
        levels += 1
        inner = [item for outer in inner for item in (outer.values() if isinstance(outer, dict) else outer)]
    return levels


EXACT = _Decoder(parse_int=NumberText, parse_float=NumberText, parse_constant=_refuse)
"""Decodes all that JSON allows, and keeps numbers as they are written."""

BROKEN = (ValueError, RecursionError)

CHUNK = 512
"""How many decoded objects are held at once; they take some ten times the memory of their text."""


def object_values(texts: Sequence[bytes], paths: Sequence[str]) -> tuple[dict[str, pl.Series], list[int], list[str]]:
    """Decode JSON objects and take out the values at ``paths``.

    A path's dots lead into nested objects, unless the object has a key with those very dots.

    Returns:
        Values by path (String; as many rows as there are readable objects), the indices in
        ``texts`` of those, and what is wrong with all others, in order.
    """
    columns: dict[str, list[str | None]] = {path: [] for path in paths}
    readable: list[int] = []
    wrong: list[str] = []
    for first in range(0, len(texts), CHUNK):
        chunk = texts[first : first + CHUNK]
        objects, indices = _objects(chunk, wrong)
        kept = [chunk[index] for index in indices]
        for path in paths:
            columns[path] += _values(objects, path, kept)
        readable += [first + index for index in indices]
    return {path: _as_series(column) for path, column in columns.items()}, readable, wrong


def _objects(texts: Sequence[bytes], wrong: list[str]) -> tuple[list[dict[str, Any]], list[int]]:
    """Decode objects; return them and their indices in ``texts``, and add to ``wrong`` what is with the others."""
    objects: list[dict[str, Any]] = []
    indices: list[int] = []
    for index, text in enumerate(texts):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            try:
                value = exact_value(text)
            except BROKEN:
                wrong.append(_what_is_wrong(error, len(text)))
                continue
        if type(value) is dict:
            objects.append(value)
            indices.append(index)
        else:
            wrong.append("is JSON, but no object; each record must be an object in braces")
    return objects, indices


def _what_is_wrong(error: orjson.JSONDecodeError, size: int) -> str:
    place = f"character {error.pos + 1:,} of about {size:,}"
    return f"is not valid JSON from {place} on; it may be cut off, hold raw control characters, or be no JSON at all"


def exact_value(text: bytes) -> Any:
    """Decode ``text`` as the definition has it: slowly.

    Raises:
        ValueError: not valid JSON.
        RecursionError: nested too deeply.
    """
    return EXACT.decode(text.decode("utf-8"))


def _values(objects: list[dict[str, Any]], path: str, texts: Sequence[bytes]) -> list[str | None]:
    """Take the values at ``path``, as text, out of objects that were decoded from ``texts``."""
    values: list[Any] = [found.get(path) for found in objects]
    if "." in path and any(value is not None for value in values):
        values = [_at(found, path) for found in objects]
    elif "." in path:
        values = list(objects)
        for key in path.split("."):
            values = [value.get(key) if type(value) is dict else None for value in values]
    if set(map(type, values)) <= {str, type(None)}:
        return values
    return [_text(value, path, text) for value, text in zip(values, texts, strict=True)]


def _as_series(values: list[str | None]) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([_without_lone_surrogates(value) for value in values], dtype=pl.String)


def _at(found: dict[str, Any], path: str) -> Any:
    """Return the value at ``path``, None if there is none."""
    value: Any = found.get(path)
    if value is not None:
        return value
    value = found
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _text(value: Any, path: str, text: bytes) -> str | None:
    """Write a value as text. Numbers that a decoder may have changed are decoded again, exactly."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value:
        return str(value)
    try:
        exact = value if isinstance(value, NumberText) else _at(exact_value(text), path)
        return str(exact) if isinstance(exact, str) else _json(exact)
    except RecursionError:  # about a thousand lists in each other: in a text or a name they mean nothing
        return None


def _json(value: Any) -> str:
    """Write a value, decoded exactly, as JSON."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _without_lone_surrogates(value: str | None) -> str | None:
    """Replace halves of characters, which cut-off texts leave behind, by U+FFFD."""
    return None if value is None else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def objects_batch(
    texts: Sequence[bytes], raw: pl.Series, numbers: Positions, lines: Positions, paths: Sequence[str]
) -> SplitBatch:
    """Read records that are JSON objects, and take out the values at ``paths``.

    ``raw`` holds the same ``texts`` as String; ``numbers`` and ``lines`` are their record and line numbers.
    """
    fitting = np.array([len(text) <= MAX_RECORD_BYTES for text in texts], dtype=bool)
    problems = [oversized(int(numbers[index]), int(lines[index])) for index in np.flatnonzero(~fitting)]
    if problems:
        texts = [text for text, fits in zip(texts, fitting, strict=True) if fits]
        raw, numbers, lines = raw.filter(pl.Series(fitting)), numbers[fitting], lines[fitting]
    columns, readable, wrong = object_values(texts, paths)
    if wrong:
        unreadable = np.delete(np.arange(len(texts)), readable)
        problems += [
            Problem(int(numbers[index]), int(lines[index]), QuarantineReason.MALFORMED_RECORD, detail)
            for index, detail in zip(unreadable, wrong, strict=True)
        ]
        raw, numbers, lines = raw.gather(readable), numbers[readable], lines[readable]
    frame = {"record_number": numbers, "line_number": lines, "raw_record": raw}
    values = {value_column(path): column for path, column in columns.items()}
    return SplitBatch(pl.DataFrame({**frame, **values}), sorted(problems))


def split_lines(blocks: Iterator[Block], paths: Sequence[str]) -> Iterator[SplitBatch]:
    """Split newline-delimited JSON, given as UTF-8, into records with the values at ``paths``.

    Blank lines are skipped; ``record_number`` counts all others from 1.

    Raises:
        UnreadableFileError: the file is empty.
    """
    splitter = _LineSplitter(paths)
    for block in blocks:
        batch = splitter.batch(block)
        if batch.problems or (batch.frame is not None and batch.frame.height):
            yield batch
        if block.damage is not None:
            yield SplitBatch(problems=[broken_rest(splitter.records + 1, splitter.lines + 1, block.damage)])
        elif block.final and not splitter.records:
            raise UnreadableFileError(
                QuarantineReason.EMPTY_FILE, "holds no line with text; ask the sender for it again"
            )


class _LineSplitter:
    """Counts records and lines through the blocks of one file."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self.records = self.lines = 0
        self._rest = b""
        self._dropping = False

    def batch(self, block: Block) -> SplitBatch:
        """Read the lines that end in ``block``."""
        text = self._rest + block.text
        ends = _line_ends(text, final=block.final)
        starts = np.concatenate([[0], ends + 1])[:-1].astype(np.int64)
        consumed = int(ends[-1]) + 1 if len(ends) else 0
        cut_off = block.final and consumed > len(text)
        ends = _without_carriage_returns(text, starts, ends)
        lines = np.arange(len(starts)) + (self.lines + 1)
        self.lines += len(starts)
        if self._dropping and len(starts):
            starts, ends, lines = starts[1:], ends[1:], lines[1:]
            self._dropping = False
        batch = self._records_between(text, starts, ends, lines)
        if cut_off and batch.problems and batch.problems[-1].line_number == self.lines:
            batch.problems[-1] = _cut_off(batch.problems[-1])
        self._keep_rest(text[consumed:], batch)
        return batch

    def _records_between(self, text: bytes, starts: Positions, ends: Positions, lines: Positions) -> SplitBatch:
        texts = slices(text, starts, ends)
        filled = np.array([bool(line) and not line.isspace() for line in texts], dtype=bool)
        if not filled.all():
            texts = [line for line, is_filled in zip(texts, filled, strict=True) if is_filled]
            starts, ends, lines = starts[filled], ends[filled], lines[filled]
        numbers = np.arange(len(texts)) + (self.records + 1)
        self.records += len(texts)
        return objects_batch(texts, texts_between(text, starts, ends), numbers, lines, self._paths)

    def _keep_rest(self, rest: bytes, batch: SplitBatch) -> None:
        """Keep an unfinished line for the next block, unless it is too long already."""
        if self._dropping or len(rest) > MAX_RECORD_BYTES + len(b"\r"):
            if not self._dropping:
                self.records += 1
                batch.problems.append(oversized(self.records, self.lines + 1))
            self._dropping, rest = True, b""
        self._rest = rest


def _line_ends(text: bytes, *, final: bool) -> Positions:
    """Return where the finished lines end, before their LF; int64."""
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    if final and text and not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    return ends.astype(np.int64)


def _without_carriage_returns(text: bytes, starts: Positions, ends: Positions) -> Positions:
    """Move the ends of lines before the CR of their CRLF."""
    if b"\r" not in text:
        return ends
    characters = np.frombuffer(text, dtype=np.uint8)
    stripped: Positions = ends - ((ends > starts) & (characters[ends - 1] == ord("\r")))
    return stripped


def _cut_off(problem: Problem) -> Problem:
    """Say of a last line that is broken and has no line end what most probably happened."""
    if problem.reason is not QuarantineReason.MALFORMED_RECORD:
        return problem
    detail = f"the file ends in its middle, without a line end; {problem.detail}; ask for the file again"
    return problem._replace(reason=QuarantineReason.TRUNCATED_FILE, detail=detail)
