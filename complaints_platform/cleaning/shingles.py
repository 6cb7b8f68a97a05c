"""Shingles: a text as the set of its runs of three words, hashed.

A text of fewer than three words is one shingle: it resembles only itself.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from complaints_platform.cleaning.words import MIX_1, MIX_2, MIX_3, Words, mixed

WORDS_PER_SHINGLE = 3
SHINGLES = pl.List(pl.UInt32)
"""32 bits: of two texts of 30 shingles, one in five million pairs has a chance match."""


def shingle_words(blocks: Sequence[Words]) -> pl.Series:
    """Return the hashed shingles of texts, given their words.

    Returns:
        ``SHINGLES``: one list a text, in the order of the text, repeated as there; stable for one
        version of this module and of ``words``.
    """
    shingled = [_shingles(*block) for block in blocks]
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in shingled)])
    hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in shingled)])
    lists = pa.LargeListArray.from_arrays(np.cumsum(counts), pa.array(hashes))
    return pl.Series("shingles", lists, dtype=SHINGLES)


def _shingles(words: NDArray[np.uint64], counts: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hash each word with its followers in the same text; return the hashes and how many each text has."""
    ends = np.cumsum(counts)
    second, third = np.zeros_like(words), np.zeros_like(words)
    second[:-1] = words[1:]
    third[:-2] = words[2:]
    second[ends[counts == 1] - 1] = 0
    third[ends[counts == 1] - 1] = 0
    third[ends[counts == 2] - 2] = 0  # noqa: PLR2004
    hashes = mixed(words + second * MIX_2 + third * MIX_3, MIX_1)
    complete = np.ones(len(words), bool)
    complete[ends[counts >= 2] - 1] = False  # noqa: PLR2004
    complete[ends[counts >= WORDS_PER_SHINGLE] - 2] = False
    kept = np.where(counts >= WORDS_PER_SHINGLE, counts - WORDS_PER_SHINGLE + 1, np.minimum(counts, 1))
    return (hashes[complete] >> np.uint64(32)).astype(np.uint32), kept
