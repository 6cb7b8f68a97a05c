"""Near duplicates: which texts almost repeat an earlier one.

Here belongs the search for similar sets of shingles. What a shingle is stands in ``shingles``; which
records are compared, in ``outcomes``.

Similarity is the Jaccard index of two sets of shingles. The search has four steps, each cheap because
of the one before:

1. Texts with the same shingles are one text, so that a storm of equal texts costs one.
2. A text can only reach ``SIMILARITY`` if at least that share of its shingles occurs elsewhere; most
   texts drop out here. Nothing is lost by it: J(a, b) ≥ s implies |a ∩ b| ≥ s |a|.
3. MinHash signatures of the others, cut into bands, find candidates (Broder 1997; Leskovec,
   Rajaraman and Ullman, *Mining of Massive Datasets*, ch. 3). At J = 0.5, a pair is missed once in
   200 times; at 0.6, once in 15,000.
4. Candidates are compared exactly, from the earliest on, until one is similar enough. Of a bucket
   only the ``MAX_CANDIDATES`` earliest are tried, which bounds the work in storms of similar texts.

Cost is linear in shingles, and the result does not depend on the order of the rows.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

SIMILARITY = 0.5
"""Least Jaccard index of near duplicates. One word changed in a text of n words leaves (n - 5) / (n + 1)."""

ROWS_PER_BAND = 3
BANDS = 40
"""A pair of similarity s becomes a candidate with probability 1 - (1 - s³)⁴⁰."""

MAX_CANDIDATES = 32

_WORTHWHILE_ROUND = 0.95
"""Another round of step 2 follows unless the last one kept more than this share."""

_SIGNATURE_BLOCK = 400_000
"""Shingles whose hashes are permuted at once: they fit into the second-level cache."""

_BAND_BLOCK = 2_000_000
"""Signature bands that are sorted at once."""

_PAIR_BLOCK = 2_000_000
"""Shingles that are compared at once."""

_SLOTS_PER_SHARED = 16
"""Size of the table of shared shingles: fewer than one in 16 others is taken for shared."""

_generator = np.random.default_rng(20_260_101)
_MULTIPLIERS = _generator.integers(1, 2**32, BANDS * ROWS_PER_BAND, np.uint32) | np.uint32(1)
_ADDENDS = _generator.integers(0, 2**32, BANDS * ROWS_PER_BAND, np.uint32)
_FOLD = _generator.integers(1, 2**63, ROWS_PER_BAND, np.uint64) | np.uint64(1)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
"""Multiplier of splitmix64."""


class Shingled(NamedTuple):
    """Texts as their shingles: those of text i are ``hashes[offsets[i]:offsets[i + 1]]``."""

    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint32]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of shingles of each text."""
        return np.diff(self.offsets)

    def take(self, texts: NDArray[np.int64]) -> "Shingled":
        """Return only ``texts``, in that order."""
        sizes = self.sizes[texts]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[texts] - offsets[:-1], sizes)
        return Shingled(offsets, self.hashes[places])


class Match(NamedTuple):
    """For each text the earliest similar one before it (its index; -1 if none), and the similarity."""

    earliest: NDArray[np.int64]
    similarity: NDArray[np.float64]


def shingled(lists: pl.Series) -> Shingled:
    """Return a column of shingles (``SHINGLES``, no nulls) as flat arrays."""
    array = lists.to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets = np.asarray(array.offsets, np.int64)
    hashes = np.asarray(array.values)[offsets[0] : offsets[-1]]
    return Shingled(offsets - offsets[0], hashes)


def near_duplicates(texts: Shingled, wanted: NDArray[np.bool_]) -> Match:
    """Find, for each wanted text, the earliest one before it that is similar.

    Args:
        texts: shingles of texts in the order of time; a text without any resembles none.
        wanted: for which of them an earlier one is looked for; the others are only found.

    Returns:
        A ``Match`` with an entry for each text, wanted or not.
    """
    first, distinct = _distinct_texts(texts)
    last_wanted = np.full(len(first), -1)
    np.maximum.at(last_wanted, distinct[wanted], np.flatnonzero(wanted))
    match = _similar_texts(texts.take(first), last_wanted >= 0)
    found = match.earliest >= 0
    earliest = np.where(found, first[match.earliest], first)[distinct]
    similarity = np.where(found, match.similarity, 1.0)[distinct]
    none = (earliest >= np.arange(len(earliest))) | ~wanted | (texts.sizes == 0)
    return Match(np.where(none, -1, earliest), np.where(none, np.nan, similarity))


def _distinct_texts(texts: Shingled) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group texts of equal shingles: the first text of each group, in order, and each text's group."""
    spread = texts.hashes.astype(np.uint64) * _SPREAD
    spread ^= spread >> np.uint64(31)
    spread *= _FOLD[0]
    fingerprints = np.add.reduceat(np.append(spread, np.uint64(0)), np.minimum(texts.offsets[:-1], len(spread)))
    fingerprints[texts.sizes == 0] = 0
    _, first, group = np.unique(fingerprints, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]


def _similar_texts(texts: Shingled, wanted: NDArray[np.bool_]) -> Match:
    """Do what ``near_duplicates`` does for texts no two of which have the same shingles."""
    match = Match(np.full(len(wanted), -1), np.full(len(wanted), np.nan))
    survivors = _that_may_resemble(texts)
    if len(survivors) < 2:  # noqa: PLR2004
        return match
    sets = _sets(texts.take(survivors))
    found = _earliest_in_buckets(sets, wanted[survivors])
    match.earliest[survivors] = np.where(found.earliest >= 0, survivors[found.earliest], -1)
    match.similarity[survivors] = found.similarity
    return match


def _that_may_resemble(texts: Shingled) -> NDArray[np.int64]:
    """Return which texts share enough shingles with others; of those that remain, only those with each other count."""
    survivors = np.arange(len(texts.sizes))
    rest = texts
    while True:
        chosen = np.flatnonzero(_share_enough(rest))
        survivors = survivors[chosen]
        if len(chosen) > _WORTHWHILE_ROUND * len(rest.sizes):
            return survivors
        rest = rest.take(chosen)


def _share_enough(texts: Shingled) -> NDArray[np.bool_]:
    """Say which texts share enough shingles with others; repeated shingles only let more texts through."""
    ordered = np.sort(texts.hashes)
    shared = ordered[1:][ordered[1:] == ordered[:-1]]
    slots = 1 << max(10, int(len(shared) * _SLOTS_PER_SHARED).bit_length())
    table = np.zeros(slots, bool)
    mask = np.uint32(slots - 1)
    table[shared & mask] = True
    alone = np.concatenate([[0], np.cumsum(~table[texts.hashes & mask])])
    unshared = alone[texts.offsets[1:]] - alone[texts.offsets[:-1]]
    return (texts.sizes > 0) & (unshared <= (1 - SIMILARITY) * texts.sizes)


def _sets(texts: Shingled) -> Shingled:
    """Sort the shingles of each text and drop repetitions."""
    owners = np.repeat(np.arange(len(texts.sizes), dtype=np.uint64) << np.uint64(32), texts.sizes)
    keys = _sorted_distinct(owners | texts.hashes)
    sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(texts.sizes))
    return Shingled(np.concatenate([[0], np.cumsum(sizes)]), keys.astype(np.uint32))


def _sorted_distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Do what ``np.unique`` does; sorting is several times faster than its hash table."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])]


def _band_keys(sets: Shingled) -> NDArray[np.uint64]:
    """Return a hash of each band of each text's MinHash signature, shape (bands, texts)."""
    texts = len(sets.sizes)
    keys = np.zeros((BANDS, texts), np.uint64)
    begin = 0
    while begin < texts:
        end = max(begin + 1, int(np.searchsorted(sets.offsets, sets.offsets[begin] + _SIGNATURE_BLOCK, "right")) - 1)
        hashes = sets.hashes[sets.offsets[begin] : sets.offsets[end]]
        starts = sets.offsets[begin:end] - sets.offsets[begin]
        for row, (multiplier, addend) in enumerate(zip(_MULTIPLIERS, _ADDENDS, strict=True)):
            permuted = hashes * multiplier + addend
            permuted ^= permuted >> np.uint32(15)
            keys[row // ROWS_PER_BAND, begin:end] += np.minimum.reduceat(permuted, starts) * _FOLD[row % ROWS_PER_BAND]
        begin = end
    keys ^= keys >> np.uint64(29)
    return keys * _SPREAD


def _earliest_in_buckets(sets: Shingled, wanted: NDArray[np.bool_]) -> Match:
    texts = len(wanted)
    keys = _band_keys(sets)
    best = Match(np.full(texts, texts), np.full(texts, np.nan))
    bands_at_once = max(1, _BAND_BLOCK // texts)
    for band in range(0, BANDS, bands_at_once):
        _try_buckets(sets, wanted, keys[band : band + bands_at_once], best)
    return Match(np.where(best.earliest == texts, -1, best.earliest), best.similarity)


def _try_buckets(sets: Shingled, wanted: NDArray[np.bool_], keys: NDArray[np.uint64], best: Match) -> None:
    """Try, for each text in each bucket, the members before it from the earliest on; improve ``best``."""
    bands, texts = keys.shape
    order = np.concatenate([np.argsort(keys[band], kind="stable") for band in range(bands)])
    ordered = np.take_along_axis(keys, order.reshape(bands, texts), axis=1).ravel()
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    begins[::texts] = True
    bucket = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    places = np.flatnonzero(~begins & wanted[order])
    for nth in range(MAX_CANDIDATES):
        candidates = bucket[places] + nth
        open_ = candidates < places
        open_[open_] = order[candidates[open_]] < best.earliest[order[places[open_]]]
        places, candidates = places[open_], candidates[open_]
        if len(places) == 0:
            return
        _improve(sets, order[places], order[candidates], best)


def _improve(sets: Shingled, texts: NDArray[np.int64], candidates: NDArray[np.int64], best: Match) -> None:
    pairs = _sorted_distinct(texts.astype(np.uint64) << np.uint64(32) | candidates.astype(np.uint64))
    later = (pairs >> np.uint64(32)).astype(np.int64)
    earlier = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    similarity = _jaccard(sets, later, earlier)
    similar = similarity >= SIMILARITY
    later, earlier, similarity = later[similar], earlier[similar], similarity[similar]
    np.minimum.at(best.earliest, later, earlier)
    chosen = best.earliest[later] == earlier
    best.similarity[later[chosen]] = similarity[chosen]


def _jaccard(sets: Shingled, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the Jaccard index of each pair of sets: both are sorted as one, and equal neighbours counted."""
    union = sets.sizes[left] + sets.sizes[right]
    similarity = np.empty(len(left))
    begin = 0
    ends = np.cumsum(union)
    while begin < len(left):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _PAIR_BLOCK, "right")))
        similarity[begin:end] = _common(sets, left[begin:end], right[begin:end])
        begin = end
    return similarity / (union - similarity)


def _common(sets: Shingled, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    pair = np.arange(len(left), dtype=np.uint64) << np.uint64(32)
    keys = np.concatenate([np.repeat(pair, sets.sizes[side]) | sets.take(side).hashes for side in (left, right)])
    keys.sort()
    equal = keys[1:][keys[1:] == keys[:-1]]
    return np.bincount((equal >> np.uint64(32)).astype(np.int64), minlength=len(left))
