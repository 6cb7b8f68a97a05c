"""Texts as white-space separated tokens, and what one token alone contributes: its words and character n-grams.

Looking at one token at a time makes features cacheable: n-grams "within word boundaries" never cross white space.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Ints

WORD_PATTERN = r"[#@]?\w[\w'’]*|[!?£$€₦#@]"  # noqa: RUF001 - the apostrophe that phones type
"""A word, hashtag or handle, or one of the marks that carry meaning in short complaints.

Dropping ``! ? £ # @`` costs 2-5 points of accuracy on tweets.
"""
MIN_GRAM, MAX_GRAM = 2, 5
"""Shortest and longest character n-gram."""
MAX_TOKEN_CHARACTERS = 64
"""Tokens are cut to this length: longer ones are encoded files or noise, never words."""

TOKENS_REMEMBERED = 100_000
"""Folded tokens kept: few tokens are most of what texts are made of."""

_WORD = re.compile(WORD_PATTERN)
_DIGIT = re.compile(r"\d")
_REPEATED = re.compile(r"(\D)\1{2,}")
_LINK = re.compile(r"^\W*(?:https?:|www\.)")
# What str.split() treats as white space beside the blank; Rust's \s lacks the four separators.
_OTHER_SPACE = r"[\s\x1c-\x1f&&[^ ]]"


class TokenisedTexts(NamedTuple):
    """A batch of texts as codes of its distinct tokens."""

    codes: Ints
    """Shape (tokens of all texts,): index into ``distinct``, text after text."""
    lengths: Ints
    """Shape (texts,): number of tokens of each text."""
    distinct: list[str]
    """The distinct tokens of the batch, as written; may hold the empty string."""


def tokenise(texts: pl.Series) -> TokenisedTexts:
    """Split ``texts`` (strings, no nulls) on white space as ``str.split`` does.

    Runs of blanks give empty tokens, which have no features.
    """
    lists = texts.str.replace_all(_OTHER_SPACE, " ").str.split(" ")
    lengths = lists.list.len().cast(pl.Int64).to_numpy()
    tokens = lists.explode()
    if tokens.is_empty():
        return TokenisedTexts(np.empty(0, np.int64), lengths, [])
    # Categories of its own: those of the default set would stay in memory for good.
    codes = tokens.cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.Int64).to_numpy()
    first_seen = np.empty(int(codes.max()) + 1, dtype=np.int64)
    first_seen[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return TokenisedTexts(codes, lengths, tokens.gather(first_seen).to_list())


@lru_cache(maxsize=TOKENS_REMEMBERED)
def normalise_token(token: str) -> str:
    """Fold what does not matter: case, which digit it is, stretched letters (soooo), where a link leads."""
    token = token[:MAX_TOKEN_CHARACTERS].lower()
    if not token.isalpha():
        if _LINK.match(token):
            return "http"
        token = _DIGIT.sub("0", token)
    return _REPEATED.sub(r"\1\1", token)


def normalise(text: str) -> str:
    """Return ``text`` with every token folded by ``normalise_token`` and single blanks between them."""
    return " ".join(map(normalise_token, text.split()))


def text_keys(texts: Iterable[str]) -> pl.Series:
    """Return a hash (16 hex digits) of each text, named ``text_key``; texts that training takes for one share it."""
    hashes = [hashlib.blake2b(normalise(text).encode(), digest_size=8).hexdigest() for text in texts]
    return pl.Series("text_key", hashes, dtype=pl.String)


def words(token: str) -> Sequence[str]:
    """Return the words of a normalised token, in order (none for pure punctuation)."""
    found: list[str] = _WORD.findall(token)
    return found


def character_ngrams(token: str) -> list[str]:
    """Return all n-grams of the normalised token between blanks, with repetitions.

    The same multiset as scikit-learn's ``char_wb`` analyser gives for one word.
    """
    if not token:
        return []
    padded = f" {token} "
    size = len(padded)
    return [
        padded[start : start + n] for n in range(MIN_GRAM, min(MAX_GRAM, size) + 1) for start in range(size - n + 1)
    ]


def ragged_gather(values: Ints, starts: Ints, counts: Ints) -> Ints:
    """Concatenate ``values[start : start + count]`` for each pair of ``starts`` and ``counts``."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return values[np.repeat(starts - (ends - counts), counts) + np.arange(total)]
