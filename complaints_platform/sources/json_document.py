"""JSON documents that hold their records in a list; read record by record, so that a damaged end costs only itself."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import Problem, SplitBatch, UnreadableFileError
from complaints_platform.sources.json_text import BROKEN, EXACT, objects_batch
from complaints_platform.sources.lines import Positions

WHITE_SPACE = re.compile(r"[ \t\r\n]*")
LINE_END = re.compile(r"\r\n|\n|\r")


class Records(NamedTuple):
    """Where the records of a document stand, in characters, and where reading had to stop (None: nowhere)."""

    extents: list[tuple[int, int]]
    broken_at: int | None


def split_document(
    text: str, path: str | None, paths: Sequence[str], damage: str | None = None
) -> Iterator[SplitBatch]:
    """Split a JSON document into the records of the list at ``path`` (None: the document is the list).

    Records before a place that can't be read are kept; the rest counts as one bad record, also
    if all of ``text`` reads well but the file went on beyond it, which ``damage`` says.

    Raises:
        UnreadableFileError: the document is empty, or has no list at ``path``.
    """
    if not text.strip() and damage is None:
        raise UnreadableFileError(QuarantineReason.EMPTY_FILE, "holds no text; ask the sender for it again")
    keys = path.split(".") if path else []
    found = _records(text, _enter(text, keys), len(keys))
    raw = [text[start:end] for start, end in found.extents]
    lines = _line_numbers(text, [start for start, _ in found.extents])
    texts = [record.encode() for record in raw]
    batch = objects_batch(texts, pl.Series(raw, dtype=pl.String), np.arange(len(raw)) + 1, lines, paths)
    if found.broken_at is not None or damage is not None:
        batch.problems.append(_broken_rest(text, found.broken_at, len(raw), damage))
    yield batch


def _line_numbers(text: str, positions: list[int]) -> Positions:
    """Return the number of the line, from 1, on which each position lies; int64."""
    ends = np.array([match.end() for match in LINE_END.finditer(text)], dtype=np.int64)
    return np.searchsorted(ends, np.array(positions, dtype=np.int64), side="right") + 1


def _broken_rest(text: str, position: int | None, kept: int, damage: str | None) -> Problem:
    position = len(text) if position is None else position
    truncated = damage is not None or position >= len(text.rstrip())
    cause = damage or (
        "the document ends in its middle" if truncated else f"is not valid JSON from character {position + 1:,} on"
    )
    return Problem(
        kept + 1,
        int(_line_numbers(text, [position])[0]),
        QuarantineReason.TRUNCATED_FILE if truncated else QuarantineReason.MALFORMED_RECORD,
        f"{cause}; the {kept:,} records before it are kept, nothing after it can be told apart; ask for the file again",
    )


def _skip_space(text: str, position: int) -> int:
    match = WHITE_SPACE.match(text, position)
    return match.end() if match else position


def _expect(text: str, position: int, character: str) -> int:
    """Return the position after ``character``, which must come next but for white space.

    Raises:
        JSONDecodeError: something else comes.
    """
    position = _skip_space(text, position)
    if not text.startswith(character, position):
        raise json.JSONDecodeError(f"{character} expected", text, position)
    return _skip_space(text, position + 1)


def _member(text: str, position: int) -> tuple[object, int]:
    """Read a member's key and colon; return the key and where its value starts."""
    key, position = EXACT.raw_decode(text, position)
    return key, _expect(text, position, ":")


def _enter(text: str, keys: Sequence[str]) -> int:
    """Find the list at ``keys``; return the position after its bracket.

    Raises:
        UnreadableFileError: there is none.
    """
    position = 0
    try:
        for key in keys:
            position = _find_member(text, _expect(text, position, "{"), key)
        return _expect(text, position, "[")
    except BROKEN as error:
        place = f"the list {'.'.join(keys)!r}" if keys else "a list"
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            f"holds no JSON document with {place} of records; check the contract's format (records: the path of the "
            "list; ndjson for one object a line)",
        ) from error


def _find_member(text: str, position: int, wanted: str) -> int:
    """Return where the value of the member ``wanted`` starts in the object whose first member is at ``position``."""
    while True:
        key, position = _member(text, position)
        if key == wanted:
            return position
        _, position = EXACT.raw_decode(text, position)
        position = _expect(text, position, ",")


def _records(text: str, position: int, depth: int) -> Records:
    """Read the list whose first record is at ``position``, and make sure that only its ``depth`` objects follow."""
    extents: list[tuple[int, int]] = []
    try:
        if not text.startswith("]", position):
            while True:
                _, end = EXACT.raw_decode(text, position)
                extents.append((position, end))
                position = _skip_space(text, end)
                if text.startswith("]", position):
                    break
                position = _expect(text, position, ",")
        position = _leave(text, _skip_space(text, position + 1), depth)
    except BROKEN as error:
        return Records(extents, _where(text, position, error))
    return Records(extents, None if position == len(text) else position)


def _where(text: str, position: int, error: ValueError | RecursionError) -> int:
    """Say where the text breaks; a string without an end breaks where the text does."""
    if isinstance(error, json.JSONDecodeError):
        return len(text) if error.msg.startswith("Unterminated string") else error.pos
    return position


def _leave(text: str, position: int, depth: int) -> int:
    """Read the rest of ``depth`` objects; return the position after them."""
    for _ in range(depth):
        while text.startswith(",", position):
            _, position = _member(text, _skip_space(text, position + 1))
            _, position = EXACT.raw_decode(text, position)
            position = _skip_space(text, position)
        position = _expect(text, position, "}")
    return position
