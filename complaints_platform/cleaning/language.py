"""Language: which one a text is written in, among those that a company expects.

Here belongs how it is told from the text alone; what a sender says of it wins, and is ``pipeline``'s.

The detector (py3langid, a naive Bayes model over byte n-grams; Lui and Baldwin 2012) runs offline but takes
30-60 µs a text. Most texts need none: whose words are plainly English is English. Nigerian Pidgin shares
most of its words with English, so that words of its own send a text to the detector all the same.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from complaints_platform.cleaning.text import scatter
from complaints_platform.cleaning.words import Words, hash_word
from complaints_platform.errors import SettingsError

ENGLISH, PIDGIN = "en", "pcm"
DEFAULT_LANGUAGES = (ENGLISH, PIDGIN, "ha", "ig", "yo", "sw", "de", "fr", "es", "pt", "it", "nl", "ar")
LEAST_PROBABILITY = 0.8
"""Of the language chosen, given those expected; below, it stays unknown."""
LEAST_LETTERS = 12
MOST_CHARACTERS = 240
"""More text costs time and changes nothing."""
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
_NO_WORDS_OF_A_LANGUAGE = r"(?:https?://|www\.|[@#<])\S+|[\d_]+"


def detect_languages(texts: pl.Series, words: Sequence[Words], languages: tuple[str, ...]) -> pl.Series:
    """Return the language of each text, as a code of ISO 639.

    Args:
        texts: cleaned texts (String).
        words: their words, as ``split_words`` gives them.
        languages: codes to choose among; ``Rules`` says which.

    Returns:
        String; null where the text is null or too short, or no language is probable enough.
    """
    english = texts.is_not_null() & pl.Series(_plainly_english(words, pidgin=PIDGIN in languages))
    if ENGLISH not in languages:
        english = english & False
    found = pl.Series([None], dtype=pl.String).new_from_index(0, texts.len())
    found = scatter(found, english.arg_true(), pl.repeat(ENGLISH, int(english.sum()), dtype=pl.String, eager=True))
    bare = texts.filter(~english).str.replace_all(_NO_WORDS_OF_A_LANGUAGE, " ").str.slice(0, MOST_CHARACTERS)
    long_enough = bare.str.count_matches(r"\p{L}") >= LEAST_LETTERS
    rows = (~english).arg_true().filter(long_enough.fill_null(value=False))
    identifier = _identifier(languages)
    return scatter(found, rows, pl.Series(map(identifier, bare.filter(long_enough)), dtype=pl.String))


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


class _Identifier:
    """The detector for some languages; its model takes 0.3 s to load.

    Raises:
        SettingsError: it does not know one of them; the message lists what it knows.
    """

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        unknown = sorted(set(languages) - set(self._model.labels))
        if unknown or not languages:
            known = ", ".join(sorted(self._model.labels))
            raise SettingsError(f"the languages must be some of {known}; {', '.join(unknown) or 'none'} was given")
        self._model.set_languages(list(languages))

    def __call__(self, text: str) -> str | None:
        language, probability = self._model.classify(text)
        return str(language) if probability >= LEAST_PROBABILITY else None


@cache
def _identifier(languages: tuple[str, ...]) -> _Identifier:
    return _Identifier(languages)
