"""Vectors of word pieces that say which words mean alike, and texts as their weighted sums.

The table beside this module was distilled from all-MiniLM-L6-v2 (Apache-2.0) by ``distillation``: what the
network makes of each piece of its vocabulary alone, reduced to its principal components (the method of
model2vec, Tulkens and van Dongen 2024). It knows "charged" and "billed" as kin without the network, at a cost
of microseconds a text. What is learnt from the vectors is ``kernel``'s work.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, Self

import numpy as np

from complaints_platform.classification.arrays import Float32s, Ints
from complaints_platform.classification.tokens import MAX_TOKEN_CHARACTERS

TABLE = "word_vectors.npz"
WORD_PIECES = re.compile(r"[^\W_]+|[^\w\s]|_")
"""BERT's words: runs of letters and digits, and single marks."""
INNER = "##"
"""Marks pieces that continue a word."""
MAX_WORDS = 400
"""Words of a text that count: a bound on what very long texts cost."""


class Table(NamedTuple):
    """Pieces and their vectors."""

    position: dict[str, int]
    """Piece → row; pieces inside a word start with ``INNER``."""
    vectors: Float32s
    """Shape (pieces, dimensions)."""


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the table that comes with the package, loaded once a process."""
    with files("complaints_platform.classification").joinpath(TABLE).open("rb") as file, np.load(file) as stored:
        pieces = stored["pieces"].tobytes().decode().split("\n")
        vectors = (stored["vectors"] * stored["steps"]).astype(np.float32)
    return Table({piece: row for row, piece in enumerate(pieces)}, vectors)


class WordVectors:
    """Texts as sums of their pieces' vectors, rare pieces counting more. Immutable after ``fit``.

    Attributes:
        weights: shape (pieces,), inverse document frequency of each piece.
    """

    weights: Float32s

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn from ``texts`` how much each piece tells."""
        found = _pieces(texts)
        count = np.zeros(len(table().vectors), dtype=np.int64)
        for rows in found:
            count[np.unique(rows)] += 1
        self.weights = (np.log(max(len(texts), 1) / (1 + count)) + 1).clip(0).astype(np.float32)
        return self

    @property
    def weighted(self) -> Float32s:
        """Vectors of pieces times their weights, shape (pieces, dimensions)."""
        weighted: Float32s = table().vectors * self.weights[:, None]
        return weighted

    def encode(self, texts: Sequence[str]) -> Float32s:
        """Return vectors of ``texts``, shape (texts, dimensions); zero for texts without known pieces."""
        vectors = table().vectors
        found = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        for row, pieces in enumerate(_pieces(texts)):
            found[row] = (vectors[pieces] * self.weights[pieces, None]).sum(axis=0)
        return _unit(found)


def _unit(vectors: Float32s) -> Float32s:
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    scaled: Float32s = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


def _pieces(texts: Sequence[str]) -> list[Ints]:
    """Return the rows of each text's pieces, in order."""
    known: dict[str, list[int]] = {}
    found = []
    for text in texts:
        rows: list[int] = []
        for word in WORD_PIECES.findall(_folded(text))[:MAX_WORDS]:
            if word not in known:
                known[word] = split(word[:MAX_TOKEN_CHARACTERS])
            rows.extend(known[word])
        found.append(np.array(rows, dtype=np.int64))
    return found


def pieces_of_tokens(tokens: Sequence[str]) -> list[Ints]:
    """Return the rows of each token's pieces, in order; a token is what stands between blanks."""
    return _pieces(tokens)


def split(word: str) -> list[int]:
    """Return the rows of the pieces of a folded word: each time the longest piece that fits; none if one is missing."""
    position = table().position
    rows, start = [], 0
    while start < len(word):
        prefix = INNER if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in position), 0)
        if not end:
            return []
        rows.append(position[prefix + word[start:end]])
        start = end
    return rows


def _folded(text: str) -> str:
    """Return ``text`` in lower case and without accents, as the network's own tokenizer reads it."""
    lower = text.lower()
    if lower.isascii():
        return lower
    return "".join(mark for mark in unicodedata.normalize("NFD", lower) if unicodedata.category(mark) != "Mn")
