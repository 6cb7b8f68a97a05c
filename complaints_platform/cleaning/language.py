"""Language: which one a text is written in, among those that a company expects, as far as the text alone says.

The detector is py3langid's: a naive Bayes model over byte n-grams (Lui and Baldwin 2012), with its model and
its answers, but applied to many texts at once (its own loop over bytes takes eight times as long). Most texts
need none: whose words are plainly English is English. Nigerian Pidgin shares most of its words with English,
so that words of its own send a text to the detector all the same.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from scipy import sparse

from complaints_platform.cleaning.text import scatter
from complaints_platform.cleaning.words import Words, bytes_of, hash_word
from complaints_platform.errors import SettingsError

ENGLISH, PIDGIN = "en", "pcm"
DEFAULT_LANGUAGES = (ENGLISH, PIDGIN, "ha", "ig", "yo", "sw", "de", "fr", "es", "pt", "it", "nl", "ar")
LEAST_PROBABILITY = 0.8
"""Of the language chosen, given those expected; below, it stays unknown."""
LEAST_LETTERS = 12
MOST_CHARACTERS = 80
"""More text costs time and changes next to nothing."""
LEAST_ENGLISH_WORDS, LEAST_ENGLISH_SHARE = 2, 0.2
"""A text of which so many words, and so large a share of them, are surely English needs no detector."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH_WORDS = _words("""
about after again always am and another any anyone are awful away bad be because been before being both but
call called calls came can cannot charge charged complaint could customer customers day days didn did disgusting
does doesn doing down each even ever every everyone everything for from get getting give given going gone got
had happened has hasn have haven having he help here him his hours how is isn issue it its just keep keeps know last
left like make many money month months more much my need network never new nobody nothing now number of off
offer old once only other our out paid pay people phone please really received said same say says
she should since slow some someone still stop stopped terrible than thank that the their them then there
these they this those three through time times to today told tomorrow too tried trying twice unable understand until
up us use used using very waiting want wanted wasn we weeks week went were what when where which while who why
will with without won work working works worst would wrong year years yesterday yet you your
""")
"""Words that no other language expected here has in the same spelling, among the commonest of complaints."""
_PIDGIN_WORDS = _words("abeg abi dem dey dis dat haba na naija nawa oga pikin sabi sef una wahala wan wetin wey")

_TABLE_BITS = 18
_BLOCK = 2048
"""Texts that are read at once."""
_FEATURE_BITS = 32
_NO_WORDS_OF_A_LANGUAGE = r"(?:https?://|www\.|[@#<])\S+|[\d_]+"
_MAYBE_NO_WORDS = r"[:@#<\d_]|www"
"""Gate: most texts hold nothing of the kind."""
_LONG_ENOUGH = rf"(?:\p{{L}}\P{{L}}*){{{LEAST_LETTERS}}}"


def detect_languages(texts: pl.Series, words: Sequence[Words], languages: tuple[str, ...]) -> pl.Series:
    """Return which of ``languages`` each cleaned text is in, as a code of ISO 639; ``words`` are its ``split_words``.

    It is null where the text is null or too short, or no language is probable enough.
    """
    english = texts.is_not_null() & pl.Series(_plainly_english(words, pidgin=PIDGIN in languages))
    if ENGLISH not in languages:
        english = english & False
    found = pl.Series([None], dtype=pl.String).new_from_index(0, texts.len())
    found = scatter(found, english.arg_true(), pl.repeat(ENGLISH, int(english.sum()), dtype=pl.String, eager=True))
    bare = texts.filter(~english)
    odd = bare.str.contains(_MAYBE_NO_WORDS).arg_true()
    bare = scatter(bare, odd, bare.gather(odd).str.replace_all(_NO_WORDS_OF_A_LANGUAGE, " "))
    bare = bare.str.slice(0, MOST_CHARACTERS)
    long_enough = bare.str.contains(_LONG_ENOUGH).fill_null(value=False)
    rows = (~english).arg_true().filter(long_enough)
    if len(languages) == 1:
        return scatter(found, rows, pl.repeat(languages[0], rows.len(), dtype=pl.String, eager=True))
    return scatter(found, rows, _detector(languages).detect(bare.filter(long_enough)))


def _plainly_english(words: Sequence[Words], *, pidgin: bool) -> NDArray[np.bool_]:
    english, markers = _table(_ENGLISH_WORDS), _table(_PIDGIN_WORDS)
    plain = [np.zeros(0, bool)]
    for block in words:
        hits = _count(english, block)
        found = (hits >= LEAST_ENGLISH_WORDS) & (hits >= LEAST_ENGLISH_SHARE * block.counts)
        plain.append(found & (_count(markers, block) == 0) if pidgin else found)
    return np.concatenate(plain)


@cache
def _table(words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which hashes, cut to ``_TABLE_BITS``, are those of ``words``; one of a thousand others hits by chance."""
    table = np.zeros(1 << _TABLE_BITS, bool)
    table[[hash_word(word) >> (64 - _TABLE_BITS) for word in words]] = True
    return table


def _count(table: NDArray[np.bool_], block: Words) -> NDArray[np.int64]:
    """Return how many words of each text are in ``table``."""
    hits = np.concatenate([[0], np.cumsum(table[block.hashes >> np.uint64(64 - _TABLE_BITS)])])
    ends = np.cumsum(block.counts)
    counts: NDArray[np.int64] = hits[ends] - hits[ends - block.counts]
    return counts


class _Detector:
    """py3langid's model for some languages; it takes 0.3 s to load.

    The model is an automaton that reads a text byte by byte and names a feature (an n-gram) where one ends.

    Raises:
        SettingsError: it does not know one of the languages; the message lists what it knows.
    """

    def __init__(self, languages: tuple[str, ...]) -> None:
        model = LanguageIdentifier.from_model_file(MODEL_FILE)
        unknown = sorted(set(languages) - set(model.labels))
        if unknown or not languages:
            known = ", ".join(sorted(model.labels))
            raise SettingsError(f"the languages must be some of {known}; {', '.join(unknown) or 'none'} was given")
        model.set_languages(list(languages))
        self._next_state = np.asarray(model.tk_nextmove, dtype=np.int32)
        self._row_of_state = np.asarray(model.tk_row, dtype=np.int32) << 8
        self._feature_of_state = np.asarray(model.tk_output, dtype=np.int32)
        self._weights = np.asarray(model.nb_ptc, dtype=np.float32)
        self._prior = np.asarray(model.nb_pc, dtype=np.float32)
        self._labels = list(dict.fromkeys(model.nb_classes))
        self._is_label = np.array([[name == label for label in self._labels] for name in model.nb_classes], np.float32)
        """Scripts of one language are classes of their own in the model."""

    def detect(self, texts: pl.Series) -> pl.Series:
        """Return the language of each of ``texts`` (String, no nulls), or null if none is probable enough."""
        blocks = [self._detect_block(texts.slice(start, _BLOCK)) for start in range(0, texts.len(), _BLOCK)]
        return pl.concat([pl.Series([], dtype=pl.String), *blocks])

    def _detect_block(self, texts: pl.Series) -> pl.Series:
        # Texts without a small letter are read in small letters, as the model's own code does.
        all_capitals = ~texts.str.contains(r"\p{Ll}")
        offsets, data = bytes_of(texts.str.to_lowercase().zip_with(all_capitals, texts))
        lengths = np.diff(offsets)
        features = self._count_features(offsets[:-1], lengths, data)
        scores = features @ self._weights
        seen = np.diff(features.indptr) > 0
        scores[seen] += self._prior
        scores /= np.sqrt(np.maximum(lengths, 1))[:, None]
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = (odds / odds.sum(axis=1, keepdims=True)) @ self._is_label
        best = pl.Series(self._labels).gather(probabilities.argmax(axis=1))
        return best.set(pl.Series(probabilities.max(axis=1) < LEAST_PROBABILITY), None)

    def _count_features(
        self, starts: NDArray[np.int64], lengths: NDArray[np.int64], data: NDArray[np.uint8]
    ) -> sparse.csr_matrix:
        """Return log(1 + occurrences) of each feature: float32, shape (texts, features).

        All texts are read at once, one byte of each at a time, the longest first: those that have ended
        are at the end.
        """
        order = np.argsort(-lengths, kind="stable")
        starts, ascending = starts[order], lengths[order][::-1]
        state = np.zeros(len(order), np.int32)
        rows, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        for position in range(int(lengths.max(initial=0))):
            reading = len(order) - int(np.searchsorted(ascending, position, side="right"))
            state = self._next_state[self._row_of_state[state[:reading]] + data[starts[:reading] + position]]
            feature = self._feature_of_state[state]
            at = np.flatnonzero(feature >= 0)
            rows.append(order[at])
            found.append(feature[at])
        # Sorting keys and counting runs is what a sparse matrix does itself, but several times as fast.
        keys = np.sort((np.concatenate(rows) << _FEATURE_BITS) | np.concatenate(found))
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        counts = np.diff(firsts, append=len(keys))
        row, column = keys[firsts] >> _FEATURE_BITS, keys[firsts] & ((1 << _FEATURE_BITS) - 1)
        starts_of_rows = np.searchsorted(row, np.arange(len(order) + 1))
        return sparse.csr_matrix(
            (np.log1p(counts.astype(np.float32)), column, starts_of_rows), (len(order), len(self._weights))
        )


@cache
def _detector(languages: tuple[str, ...]) -> _Detector:
    return _Detector(languages)
