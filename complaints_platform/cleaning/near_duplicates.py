"""Near duplicates: which texts almost repeat an earlier one.

Similarity is the Jaccard index J of two sets of shingles. The search has four steps, each cheap because
of the one before, and none of the first three loses a pair:

1. Texts with the same shingles are one text, so that a storm of equal texts costs one.
2. J(a, b) ≥ s implies |a ∩ b| ≥ s |a|: of a text of which less than that share occurs elsewhere, nothing
   is similar. Most texts drop out here.
3. If the shingles of all texts are put into one order, similar texts share one of the first
   |a| - ⌈s |a|⌉ + 1 of each; with the rarest first, hardly any other texts do (prefix filter: Chaudhuri,
   Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007). Size, and a bitmap of the shingles (Sandes,
   Teodoro and Melo 2020), reject most of the others.
4. What is left is compared exactly, from the earliest on, until one text is similar enough. Of those
   that share a shingle only the ``MAX_CANDIDATES`` earliest are tried, which bounds the work in storms
   of texts that are not quite equal.

Cost is linear in shingles, and the result does not depend on the order of the rows. MinHash LSH in the
place of step 3 (40 bands of 3, after step 2) took three times as long, and misses pairs by chance.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

SIMILARITY = 0.7
"""Least Jaccard index of near duplicates. One word changed in a text of n words leaves (n - 5) / (n + 1)."""

MAX_CANDIDATES = 128
"""Earlier texts with one rare shingle in common that are tried, at most."""

_ROUNDING = 1e-9
"""Bounds give way by this much, so that rounding never makes them reject a pair at the threshold."""

_WORTHWHILE = 0.6
"""Another round of step 2 follows unless the last one kept at least this share."""

_TEXT_BLOCK = 4096
"""Texts whose shingles are added up at once."""

_PAIR_BLOCK = 2_000_000
"""Shingles that are compared at once."""

_SLOTS_PER_SHINGLE = 8
"""Size of the tables that count or mark shingles: few meet in a slot."""

_MOST_SLOTS = 25
"""Binary logarithm of their greatest size: 256 MB of counts. More shingles meet then, and a few more are compared."""

_COMMONEST = 255
"""Shingles of more texts than that are all equally common."""

_BITMAP_WORDS = 4
"""64-bit words of a text's bitmap."""

_SPREAD = np.uint64(0x94D049BB133111EB)
"""Makes the sum of a text's shingles depend on which they are, not on their sum (a multiplier of splitmix64)."""


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

    ``texts`` are in the order of time; one without shingles resembles none. Those that are not wanted are only found.
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
    fingerprints = _sum_by_text(texts, lambda hashes: hashes * (hashes ^ _SPREAD))
    _, first, group = np.unique(fingerprints, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]


def _similar_texts(texts: Shingled, wanted: NDArray[np.bool_]) -> Match:
    """Do what ``near_duplicates`` does for texts no two of which have the same shingles."""
    match = Match(np.full(len(wanted), -1), np.full(len(wanted), np.nan))
    survivors = _survivors(texts)
    if len(survivors) < 2:  # noqa: PLR2004
        return match
    sets = _sets(texts.take(survivors))
    found = _earliest_similar(sets, wanted[survivors])
    match.earliest[survivors] = np.where(found.earliest >= 0, survivors[found.earliest], -1)
    match.similarity[survivors] = found.similarity
    return match


def _survivors(texts: Shingled) -> NDArray[np.int64]:
    """Return which texts share enough shingles with others that do, too, as far as it pays to ask again."""
    survivors = np.arange(len(texts.sizes))
    while True:
        kept = np.flatnonzero(_share_enough(texts))
        survivors = survivors[kept]
        if len(kept) >= _WORTHWHILE * len(texts.sizes):
            return survivors
        texts = texts.take(kept)


def _share_enough(texts: Shingled) -> NDArray[np.bool_]:
    """Say which texts share enough shingles with others; repeated shingles only let more texts through."""
    ordered = np.sort(texts.hashes)
    shared = ordered[1:][ordered[1:] == ordered[:-1]]
    shared = shared[_first_of_run(shared)]
    mask = _slot_mask(len(shared))
    lonely = np.ones(int(mask) + 1, bool)
    lonely[shared & mask] = False
    unshared = _sum_by_text(texts, lambda hashes: lonely[hashes & mask])
    enough: NDArray[np.bool_] = unshared <= (1 - SIMILARITY) * texts.sizes + _ROUNDING
    return enough & (texts.sizes > 0)


def _sum_by_text(texts: Shingled, function: Callable[[NDArray[np.uint32]], NDArray[Any]]) -> NDArray[np.uint64]:
    """Add up what ``function`` makes of the shingles of each text (modulo 2⁶⁴), without holding it for all at once."""
    sums = np.empty(len(texts.sizes), np.uint64)
    for begin in range(0, len(sums), _TEXT_BLOCK):
        offsets = texts.offsets[begin : begin + _TEXT_BLOCK + 1]
        values = function(texts.hashes[offsets[0] : offsets[-1]])
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
        sums[begin : begin + _TEXT_BLOCK] = running[offsets[1:] - offsets[0]] - running[offsets[:-1] - offsets[0]]
    return sums


def _sets(texts: Shingled) -> Shingled:
    """Sort the shingles of each text and drop repetitions."""
    owners = np.repeat(np.arange(len(texts.sizes), dtype=np.uint64) << np.uint64(32), texts.sizes)
    keys = _sorted_distinct(owners | texts.hashes)
    sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(texts.sizes))
    return Shingled(np.concatenate([[0], np.cumsum(sizes)]), keys.astype(np.uint32))


def _sorted_distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Do what ``np.unique`` does; sorting is several times faster than its hash table."""
    values = np.sort(values)
    return values[_first_of_run(values)]


def _first_of_run(ordered: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def _slot_mask(shingles: int) -> np.uint32:
    """Return the mask that maps a hash to one of some power of two of slots."""
    return np.uint32((1 << min(_MOST_SLOTS, (shingles * _SLOTS_PER_SHINGLE).bit_length())) - 1)


def _earliest_similar(sets: Shingled, wanted: NDArray[np.bool_]) -> Match:
    """Try, for each text, those before it that share a shingle of its prefix, from the earliest on."""
    texts = len(wanted)
    best = Match(np.full(texts, texts), np.full(texts, np.nan))
    bitmaps = _bitmaps(sets)
    index = _prefix_index(sets)
    owners = (index & np.uint64(0xFFFFFFFF)).astype(np.int64)
    begins = _first_of_run(index >> np.uint64(32))
    bucket = np.maximum.accumulate(np.where(begins, np.arange(len(index)), 0))
    places = np.flatnonzero(~begins & wanted[owners])
    for nth in range(MAX_CANDIDATES):
        candidates = bucket[places] + nth
        open_ = (candidates < places) & (owners[candidates] < best.earliest[owners[places]])
        places, candidates = places[open_], candidates[open_]
        if len(places) == 0:
            break
        later, earlier = owners[places], owners[candidates]
        likely = _may_be_similar(sets.sizes, bitmaps, later, earlier)
        _improve(sets, later[likely], earlier[likely], best)
    return Match(np.where(best.earliest == texts, -1, best.earliest), best.similarity)


def _prefix_index(sets: Shingled) -> NDArray[np.uint64]:
    """Return the shingles of all prefixes that other texts may have, as hash << 32 | text, sorted."""
    mask = _slot_mask(len(sets.hashes))
    slots = sets.hashes & mask
    frequency = np.minimum(np.bincount(slots)[slots], _COMMONEST).astype(np.uint64)
    owners = np.repeat(np.arange(len(sets.sizes), dtype=np.uint64), sets.sizes)
    ordered = np.sort(owners << np.uint64(40) | frequency << np.uint64(32) | sets.hashes)
    prefix = sets.sizes - np.ceil(SIMILARITY * sets.sizes - _ROUNDING).astype(np.int64) + 1
    in_prefix = np.arange(len(ordered)) < np.repeat(sets.offsets[:-1] + prefix, sets.sizes)
    shared = (ordered >> np.uint64(32)) & np.uint64(_COMMONEST) > 1
    kept = ordered[in_prefix & shared]
    return np.sort((kept & np.uint64(0xFFFFFFFF)) << np.uint64(32) | kept >> np.uint64(40))


def _bitmaps(sets: Shingled) -> NDArray[np.uint64]:
    """Return for each text which of 256 bits its shingles set, shape (words, texts)."""
    bits = np.uint64(1) << (sets.hashes & np.uint32(63)).astype(np.uint64)
    words = (sets.hashes >> np.uint32(6)) % np.uint32(_BITMAP_WORDS)
    return np.stack(
        [np.bitwise_or.reduceat(np.where(words == word, bits, 0), sets.offsets[:-1]) for word in range(_BITMAP_WORDS)]
    )


def _may_be_similar(
    sizes: NDArray[np.int64], bitmaps: NDArray[np.uint64], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Reject pairs that can't be similar: each bit that only one text sets is a shingle that the other lacks."""
    one, other = bitmaps[:, left], bitmaps[:, right]
    common = np.minimum(
        sizes[left] - np.bitwise_count(one & ~other).sum(axis=0, dtype=np.int64),
        sizes[right] - np.bitwise_count(other & ~one).sum(axis=0, dtype=np.int64),
    )
    result: NDArray[np.bool_] = common * (1 + SIMILARITY) >= SIMILARITY * (sizes[left] + sizes[right]) - _ROUNDING
    return result


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
