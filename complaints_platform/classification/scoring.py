"""Scores of a linear classifier over ``TokenFeatures``, summed from cached scores of single tokens.

A token's share in every class score is computed when the token is first seen and kept, so a batch
costs one small sparse product instead of building hundreds of features per text. The cache is bounded,
safe to use from several threads and left out of pickles.
"""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from complaints_platform.classification.arrays import Float32s, Floats, Ints
from complaints_platform.classification.features import TokenFeatures, ragged
from complaints_platform.classification.tokens import TokenisedTexts, normalise_token, ragged_gather, tokenise
from complaints_platform.classification.word_vectors import pieces_of_tokens

SLICE_BYTES = 4_000_000
"""Texts are scored in slices of about this size, which bounds the memory of one call."""
CACHE_BYTES = 64_000_000
"""The cache starts anew when its scores exceed this."""


class TokenScorer:
    """Computes decision values of texts.

    Scores are summed in float32 in the order of the text, so a text's score never depends on the
    other texts of its batch, nor on what the cache holds.
    """

    def __init__(
        self,
        features: TokenFeatures,
        coefficients: npt.NDArray[Any],
        intercept: npt.NDArray[Any],
        pieces: Floats | None = None,
    ) -> None:
        """Take fitted features and a linear classifier.

        Args:
            features: what ``coefficients`` are of.
            coefficients: shape (scores, columns).
            intercept: shape (scores,).
            pieces: shape (pieces, scores), what each piece of ``word_vectors`` adds; by default nothing.
        """
        self.features = features
        self.intercept = intercept.astype(np.float64)
        self._pieces = None if pieces is None else np.pad(pieces, ((0, 0), (0, 1))).astype(np.float32)
        per_occurrence = (coefficients * features.weights * features.scale).T
        self._scores = np.ascontiguousarray(np.column_stack([per_occurrence, features.masses]), dtype=np.float32)
        self._start()

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("features", "intercept", "_scores", "_pieces")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def _start(self) -> None:
        self._pairs = self.features.pair_table()
        first_pair = len(self.features.word_ids)
        self._pair_scores = self._scores[first_pair : first_pair + len(self.features.pair_keys)]
        self._lock = threading.Lock()
        self._cache = _TokenCache(self.features, self._scores, self._pieces)

    def score(self, texts: pl.Series) -> Floats:
        """Return decision values, shape (texts, scores). A null text scores as an empty one."""
        texts = texts.fill_null("")
        if texts.is_empty():
            return np.empty((0, len(self.intercept)))
        slice_of = texts.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy() // SLICE_BYTES
        starts = np.flatnonzero(np.diff(slice_of, prepend=-1)).tolist()
        ends = [*starts[1:], len(texts)]
        return np.concatenate([self._score_slice(texts[start:end]) for start, end in zip(starts, ends, strict=True)])

    def _score_slice(self, texts: pl.Series) -> Floats:
        batch = tokenise(texts)
        with self._lock:
            if self._cache.n_bytes > CACHE_BYTES:
                self._cache = _TokenCache(self.features, self._scores, self._pieces)
            cache = self._cache
            rows = cache.rows(batch.distinct)
            token_scores, token_words = cache.scores, cache.words
            word_starts, word_counts = cache.word_starts, cache.word_counts
        # From here on outside the lock: rows once written never change, and arrays are replaced, not resized.
        tokens = rows[batch.codes]
        total = _sum_rows(tokens, batch.lengths, token_scores)
        counts = word_counts[tokens]
        sequence = ragged_gather(token_words, word_starts[tokens], counts)
        total += self._sum_pairs(sequence, batch, counts)
        mass = total[:, -1].astype(np.float64)
        root = np.sqrt(np.where(mass > 0, mass, 1.0))
        return total[:, :-1] / root[:, None] + self.intercept

    def _sum_pairs(self, sequence: Ints, batch: TokenisedTexts, counts: Ints) -> Float32s:
        text_of = np.repeat(np.repeat(np.arange(len(batch.lengths)), batch.lengths), counts)
        keys, pair_text = self.features.pairs(sequence, text_of)
        position = self._pairs.find(keys)
        known = position >= 0
        per_text = np.bincount(pair_text[known], minlength=len(batch.lengths))
        return _sum_rows(position[known], per_text, self._pair_scores)


class _TokenCache:
    """Scores and words of the tokens seen so far. Not safe by itself: the scorer locks it."""

    def __init__(self, features: TokenFeatures, scores: Float32s, pieces: Float32s | None) -> None:
        self._features = features
        self._feature_scores = scores
        self._piece_scores = pieces
        self._row_of: dict[str, int] = {}
        self._size = 0
        self._word_size = 0
        self.scores = np.zeros((0, scores.shape[1]), dtype=np.float32)
        self.word_starts = np.zeros(0, dtype=np.int64)
        self.word_counts = np.zeros(0, dtype=np.int64)
        self.words = np.zeros(0, dtype=np.int64)

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays."""
        return self.scores.nbytes + self.words.nbytes + self.word_starts.nbytes + self.word_counts.nbytes

    def rows(self, tokens: list[str]) -> Ints:
        """Return the row of each token, after computing those that are new."""
        known = self._row_of
        new = [token for token in tokens if token not in known]
        if new:
            self._add(new)
        return np.fromiter((known[token] for token in tokens), dtype=np.int64, count=len(tokens))

    def _add(self, tokens: list[str]) -> None:
        columns, words = self._features.analyse([normalise_token(token) for token in tokens])
        end = self._size + len(tokens)
        self.scores = _with_room(self.scores, end)
        self.word_starts = _with_room(self.word_starts, end)
        self.word_counts = _with_room(self.word_counts, end)
        self.words = _with_room(self.words, self._word_size + len(words.ids))
        self.scores[self._size : end] = _sum_rows(columns.ids, columns.counts, self._feature_scores)
        if self._piece_scores is not None:
            pieces = ragged(pieces_of_tokens(tokens))
            self.scores[self._size : end] += _sum_rows(pieces.ids, pieces.counts, self._piece_scores)
        self.word_starts[self._size : end] = words.starts + self._word_size
        self.word_counts[self._size : end] = words.counts
        self.words[self._word_size : self._word_size + len(words.ids)] = words.ids
        self._row_of.update(zip(tokens, range(self._size, end), strict=True))
        self._size = end
        self._word_size += len(words.ids)


def _with_room(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return ``values``, or a longer copy of it, with room for ``size`` rows."""
    if size <= len(values):
        return values
    longer = np.zeros((max(size, 2 * len(values)), *values.shape[1:]), dtype=values.dtype)
    longer[: len(values)] = values
    return longer


def _sum_rows(rows: npt.NDArray[Any], counts: Ints, values: Float32s) -> Float32s:
    """Sum ``values[rows]`` over consecutive groups of ``counts`` rows, in order."""
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    chosen = sparse.csr_matrix(
        (np.ones(len(rows), dtype=np.float32), rows.astype(np.int32), indptr), shape=(len(counts), len(values))
    )
    product: Float32s = chosen @ values
    return product
