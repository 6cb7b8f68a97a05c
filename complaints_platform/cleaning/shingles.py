"""Shingles: a text as the set of its runs of three words, hashed.

Here belongs what of a text counts when texts are compared. How similar sets are found stands in
``near_duplicates``.

Words are runs of letters, digits, ``@``, ``#``, ``_`` and other symbols beyond ASCII, in small letters;
so punctuation, case and quotes don't tell texts apart. What forwarding puts in front (``RT @user:``,
``Fwd:``, the addressed ``@users``) does not count, so that a retweet equals its tweet. A text of fewer
than three words, or of nothing but addressed users, is one shingle: it resembles only itself.

The work is done on the bytes of a whole column by NumPy: splitting a million texts into strings, only
to hash them, takes four times as long.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from complaints_platform.cleaning.text import scatter

WORDS_PER_SHINGLE = 3
SHINGLES = pl.List(pl.UInt32)
"""32 bits: of two texts of 30 shingles, one in five million pairs has a chance match."""

_FORWARDED = r"^(?i:\s*(?:(?:rt|mt|fwd?|re)\b[\s:]*|\.?@\w+[\s:,]*|[\"“”]))+"
_MAY_BE_FORWARDED = r"^(?i:\s|rt|mt|fw|re|\.?@|[\"“”])"

_BLOCK = 1024
"""Texts that are worked on at once: what is made of them on the way stays in the processor's caches."""

_WORD_BYTES = 8
_END = "\n"
"""What is put behind each text, so that its last word ends there."""
_SYMBOL_LEAD, _LATIN_1_LEAD = 0xC2, 0xC3
"""First bytes of U+0080 - U+00BF and of U+00C0 - U+00FF in UTF-8."""

_PUNCTUATION = r"[\p{P}--[@#_]]"
_MIX_1, _MIX_2, _MIX_3 = (np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
"""Odd constants of xxHash64, as multipliers that spread bits."""


_MASKS = np.array([(1 << (8 * length)) - 1 for length in range(_WORD_BYTES + 1)], np.uint64)
"""Number of bytes → mask that keeps as many."""


def shingle_texts(texts: pl.Series) -> pl.Series:
    """Return the hashed shingles of each of ``texts`` (String; null has none).

    Returns:
        ``SHINGLES``: in the order of the text, repeated as there; stable for one version of this module.
    """
    blocks = [_shingle_block(block) for block in _blocks(_comparable(texts.fill_null("")))]
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in blocks)])
    hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in blocks)])
    lists = pa.LargeListArray.from_arrays(np.cumsum(counts), pa.array(hashes))
    return pl.Series(texts.name, lists, dtype=SHINGLES)


def _blocks(texts: pl.Series) -> Iterator[pl.Series]:
    return (texts.slice(start, _BLOCK) for start in range(0, texts.len(), _BLOCK))


def _shingle_block(texts: pl.Series) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the shingles of some texts in one array, and how many each text has."""
    offsets, data = _bytes_of(texts + _END)
    small = _small_letters(data)
    starts, ends = _words(data)
    return _shingles(_hash_words(small, starts, ends), np.diff(np.searchsorted(starts, offsets)))


def _comparable(texts: pl.Series) -> pl.Series:
    """Drop what forwarding adds, and of texts beyond ASCII and Latin-1 letters, case and punctuation.

    ``_small_letters`` and ``_words`` do the rest.
    """
    forwarded = texts.str.contains(_MAY_BE_FORWARDED).arg_true()
    bare = texts.gather(forwarded).str.replace(_FORWARDED, "")
    only_forwarding = ~bare.str.contains(r"\w")
    bare = bare.zip_with(~only_forwarding, texts.gather(forwarded).str.replace_all(r"[^\w@]+", "_"))
    texts = scatter(texts, forwarded, bare)
    rows = pl.concat([pl.Series([], dtype=pl.Boolean), *map(_has_other_characters, _blocks(texts))]).arg_true()
    return scatter(texts, rows, texts.gather(rows).str.replace_all(_PUNCTUATION, " ").str.to_lowercase())


def _has_other_characters(texts: pl.Series) -> pl.Series:
    """Say which texts hold characters that are neither ASCII nor Latin-1 letters."""
    offsets, data = _bytes_of(texts)
    found = np.flatnonzero((data > _LATIN_1_LEAD) | (data == _SYMBOL_LEAD))
    result = np.zeros(texts.len(), bool)
    result[np.searchsorted(offsets, found, side="right") - 1] = True
    return pl.Series(result)


def _bytes_of(texts: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each text begins (one more at the end), and the UTF-8 bytes of all."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(array.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return offsets - offsets[0], data


def _small_letters(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put ASCII and Latin-1 letters into small ones; zeros follow, so that the last word can be read by eights."""
    small = np.zeros(len(data) + _WORD_BYTES, np.uint8)
    text = small[: len(data)]
    np.bitwise_or(data, _in_range(data, "A", "Z").view(np.uint8) << 5, out=text)
    capital = (data[:-1] == _LATIN_1_LEAD) & ((data[1:] & 0xE0) == 0x80)  # noqa: PLR2004  À-Þ are C3 80 - C3 9E
    text[1:] |= capital.view(np.uint8) << 5
    return small


def _words(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where words start and end (exclusive)."""
    inside = np.zeros(len(data) + 1, bool)
    word = inside[1:]
    np.greater_equal(data, 0x80, out=word)
    for first, last in ("az", "AZ", "09", "@@", "##", "__"):
        word |= _in_range(data, first, last)
    borders = np.flatnonzero(inside[1:] != inside[:-1])
    return borders[::2], borders[1::2]


def _in_range(data: NDArray[np.uint8], first: str, last: str) -> NDArray[np.bool_]:
    """Say which bytes are in a range of ASCII characters: what is below wraps around to above."""
    inside: NDArray[np.bool_] = (data - np.uint8(ord(first))) <= ord(last) - ord(first)
    return inside


def _hash_words(small: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash each word eight bytes at a time; after the first eight, only the longer words go on."""
    eights = np.ndarray(len(small) - _WORD_BYTES + 1, "<u8", small.data, strides=(1,))
    lengths = ends - starts
    hashes = _mixed(eights[starts] & _MASKS[np.minimum(lengths, _WORD_BYTES)], _MIX_1)
    longer = np.flatnonzero(lengths > _WORD_BYTES)
    done = _WORD_BYTES
    while len(longer):
        more = eights[starts[longer] + done] & _MASKS[np.minimum(lengths[longer] - done, _WORD_BYTES)]
        hashes[longer] = _mixed(hashes[longer] + more, _MIX_2)
        done += _WORD_BYTES
        longer = longer[lengths[longer] > done]
    return hashes


def _shingles(words: NDArray[np.uint64], counts: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hash each word with its followers in the same text; return the hashes and how many each text has."""
    ends = np.cumsum(counts)
    second, third = np.zeros_like(words), np.zeros_like(words)
    second[:-1] = words[1:]
    third[:-2] = words[2:]
    second[ends[counts == 1] - 1] = 0
    third[ends[counts == 1] - 1] = 0
    third[ends[counts == 2] - 2] = 0  # noqa: PLR2004
    hashes = _mixed(words + second * _MIX_2 + third * _MIX_3, _MIX_1)
    complete = np.ones(len(words), bool)
    complete[ends[counts >= 2] - 1] = False  # noqa: PLR2004
    complete[ends[counts >= WORDS_PER_SHINGLE] - 2] = False
    kept = np.where(counts >= WORDS_PER_SHINGLE, counts - WORDS_PER_SHINGLE + 1, np.minimum(counts, 1))
    return (hashes[complete] >> np.uint64(32)).astype(np.uint32), kept


def _mixed(values: NDArray[np.uint64], multiplier: np.uint64) -> NDArray[np.uint64]:
    values = values * multiplier
    values ^= values >> np.uint64(29)
    return values
