"""Words of texts, hashed: what the search for near duplicates and the detection of languages start from.

Words are runs of letters, digits, ``@``, ``#``, ``_`` and other symbols beyond ASCII, in small letters;
so punctuation, case and quotes don't tell texts apart. What forwarding puts in front (``RT @user:``,
``Fwd:``, the addressed ``@users``) does not count, so that a retweet equals its tweet; a text of nothing
but addressed users is one word.

The work is done on the bytes of a whole column by NumPy: splitting a million texts into strings, only
to hash them, takes four times as long.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from complaints_platform.cleaning.text import scatter

_FORWARDED = r"^(?i:\s*(?:(?:rt|mt|fwd?|re)\b[\s:]*|\.?@\w+[\s:,]*|[\"“”]))+"
_MAY_BE_FORWARDED = r"^(?i:\s|rt|mt|fw|re|\.?@|[\"“”])"

_BLOCK = 1024
"""Texts that are worked on at once: what is made of them on the way stays in the processor's caches."""

_WORD_BYTES = 8
_END = "\n"
"""What is put behind each text, so that its last word ends there."""
_SYMBOL_LEAD, _LATIN_1_LEAD = 0xC2, 0xC3
"""First bytes of U+0080 - U+00BF and of U+00C0 - U+00FF in UTF-8."""

_BETWEEN_ADDRESSED = r"[\s\p{P}--[@_]]+"
_PUNCTUATION = r"[\p{P}--[@#_]]"
MIX_1, MIX_2, MIX_3 = (np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
"""Odd constants of xxHash64, as multipliers that spread bits."""

_MASKS = np.array([(1 << (8 * length)) - 1 for length in range(_WORD_BYTES + 1)], np.uint64)
"""Number of bytes → mask that keeps as many."""


class Words(NamedTuple):
    """The words of some texts."""

    hashes: NDArray[np.uint64]
    """Shape (words,): all words, text by text, in their order; stable for one version of this module."""
    counts: NDArray[np.int64]
    """Shape (texts,): how many of them each text has."""


def split_words(texts: pl.Series) -> list[Words]:
    """Return the hashed words of ``texts`` (String; null has none), ``_BLOCK`` texts at a time."""
    return [_split_block(block) for block in _blocks(_comparable(texts.fill_null("")))]


def hash_word(word: str) -> int:
    """Return the hash of one word in small letters."""
    return int(split_words(pl.Series([word]))[0].hashes[0])


def _blocks(texts: pl.Series) -> Iterator[pl.Series]:
    return (texts.slice(start, _BLOCK) for start in range(0, texts.len(), _BLOCK))


def _split_block(texts: pl.Series) -> Words:
    offsets, data = bytes_of(texts + _END)
    starts, ends = _words(data)
    return Words(_hash_words(_small_letters(data), starts, ends), np.diff(np.searchsorted(starts, offsets)))


def _comparable(texts: pl.Series) -> pl.Series:
    """Drop what forwarding adds, and of texts beyond ASCII and Latin-1 letters, case and punctuation.

    ``_small_letters`` and ``_words`` do the rest.
    """
    forwarded = texts.str.contains(_MAY_BE_FORWARDED).arg_true()
    bare = texts.gather(forwarded).str.replace(_FORWARDED, "")
    only_forwarding = ~bare.str.contains(r"\w")
    bare = bare.zip_with(~only_forwarding, texts.gather(forwarded).str.replace_all(_BETWEEN_ADDRESSED, "_"))
    texts = scatter(texts, forwarded, bare)
    rows = pl.concat([pl.Series([], dtype=pl.Boolean), *map(_has_other_characters, _blocks(texts))]).arg_true()
    return scatter(texts, rows, texts.gather(rows).str.replace_all(_PUNCTUATION, " ").str.to_lowercase())


def _has_other_characters(texts: pl.Series) -> pl.Series:
    """Say which texts hold characters that are neither ASCII nor Latin-1 letters."""
    offsets, data = bytes_of(texts)
    found = np.flatnonzero((data > _LATIN_1_LEAD) | (data == _SYMBOL_LEAD))
    result = np.zeros(texts.len(), bool)
    result[np.searchsorted(offsets, found, side="right") - 1] = True
    return pl.Series(result)


def bytes_of(texts: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
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
    hashes = mixed(eights[starts] & _MASKS[np.minimum(lengths, _WORD_BYTES)], MIX_1)
    longer = np.flatnonzero(lengths > _WORD_BYTES)
    done = _WORD_BYTES
    while len(longer):
        more = eights[starts[longer] + done] & _MASKS[np.minimum(lengths[longer] - done, _WORD_BYTES)]
        hashes[longer] = mixed(hashes[longer] + more, MIX_2)
        done += _WORD_BYTES
        longer = longer[lengths[longer] > done]
    return hashes


def mixed(values: NDArray[np.uint64], multiplier: np.uint64) -> NDArray[np.uint64]:
    """Return ``values`` multiplied, with their high bits folded into the low ones."""
    values = values * multiplier
    values ^= values >> np.uint64(29)
    return values
