"""Lines and extents in blocks of UTF-8: what the text formats share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from complaints_platform.sources.decoding import PlainBytes, utf8_blocks

Positions = NDArray[np.int64]
"""Positions in a text, in bytes."""

LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Block:
    """A stretch of a text file.

    Attributes:
        text: UTF-8.
        final: The file ends with it, in good order.
        damage: The readable part of the file ends with it, and this is why.
    """

    text: bytes
    final: bool
    damage: str | None = None

    def ends_at(self, position: int) -> bool:
        """Tell whether the file, not just the block, ends at ``position``."""
        return self.final and position == len(self.text)

    def is_open_at(self, position: int) -> bool:
        """Tell whether more may come that belongs to a line ending at ``position``: text, or the LF of a CRLF."""
        return position == len(self.text) and not self.final and self.text[-1:] != b"\n"


def text_blocks(plain: PlainBytes, encoding: str, block_bytes: int) -> Iterator[Block]:
    """Decode a text file; the last block, and only that, is final or damaged. There is at least one."""
    held = b""
    for text in utf8_blocks(plain, encoding, block_bytes):
        if held:
            yield Block(held, final=False)
        held = text
    yield Block(held, final=plain.damage is None, damage=plain.damage)


def line_ends(text: bytes) -> Positions:
    """Return the positions after each line end (LF, CRLF or CR), ascending; int64."""
    characters = np.frombuffer(text, dtype=np.uint8)
    ends = characters == ord("\n")
    if b"\r" in text:
        alone = characters == ord("\r")
        alone[:-1] &= ~ends[1:]
        ends = ends | alone
    return np.flatnonzero(ends) + 1


def count_line_ends(text: bytes) -> int:
    """Count LF, CRLF and CR."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def slices(text: bytes, starts: Positions, ends: Positions) -> list[bytes]:
    """Return the stretches of ``text`` from each start to its end."""
    return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def texts_between(text: bytes, starts: Positions, ends: Positions) -> pl.Series:
    """Return the same stretches as a Polars String series, without copying ``text``.

    Extents ascend and do not overlap, and do not cut characters of the UTF-8 in two.
    """
    if not len(starts):
        return pl.Series(dtype=pl.String)
    offsets = np.empty(2 * len(starts), dtype=np.int64)
    offsets[0::2], offsets[1::2] = starts, ends
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(text))
    return pl.Series(pl.from_arrow(array)).gather_every(2)
