"""Misspelt copies of training texts, so that typos, abbreviations and shouting cost little accuracy."""

import random
from collections.abc import Callable, Sequence

ABBREVIATIONS = {
    "about": "abt", "account": "acct", "again": "agn", "and": "n", "are": "r", "back": "bk", "because": "cos",
    "before": "b4", "between": "btw", "customer": "cust", "don't": "dnt", "for": "4", "from": "frm", "good": "gud",
    "great": "gr8", "have": "hv", "how": "hw", "just": "jst", "know": "knw", "late": "l8", "line": "ln", "love": "luv",
    "message": "msg", "messages": "msgs", "minutes": "mins", "month": "mth", "my": "ma", "network": "ntwk",
    "not": "nt", "now": "nw", "number": "no", "okay": "k", "payment": "pymt", "people": "ppl", "please": "pls",
    "problem": "prob", "service": "svc", "should": "shd", "since": "snc", "still": "stil", "text": "txt",
    "thanks": "thx", "that": "dat", "the": "d", "them": "dem", "there": "dere", "they": "dey", "this": "dis",
    "to": "2", "today": "2day", "tomorrow": "2moro", "very": "vry", "wait": "w8", "want": "wnt", "was": "ws",
    "week": "wk", "what": "wat", "when": "wen", "where": "wia", "why": "y", "with": "wit", "would": "wld",
    "you": "u", "your": "ur",
}  # fmt: skip
"""How people shorten words in SMS and Pidgin."""

WORDS_CHANGED = 0.3
"""Share of words that a noisy copy changes."""

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil",
    "l": "kop", "z": "xas", "x": "zcsd", "c": "xvdf", "v": "cbfg", "b": "vngh", "n": "bmhj", "m": "nkj",
}  # fmt: skip
"""Keys beside each key of a QWERTY keyboard."""
_SHORTEST_TO_MISSPELL = 4


def noisy_copy(text: str, rng: random.Random) -> str:
    """Return ``text`` with some words misspelt or abbreviated; white space becomes single blanks."""
    changed = [_noisy_word(word, rng) if rng.random() < WORDS_CHANGED else word for word in text.split()]
    return " ".join(changed)


def noisy_copies(texts: Sequence[str], seed: int) -> list[str]:
    """Return one noisy copy of each of ``texts``, the same for the same ``seed``."""
    rng = random.Random(seed)  # noqa: S311 - reproducible noise, nothing secret
    return [noisy_copy(text, rng) for text in texts]


def _noisy_word(word: str, rng: random.Random) -> str:
    short = ABBREVIATIONS.get(word.lower())
    if short is not None:
        return short
    if len(word) < _SHORTEST_TO_MISSPELL or not word.isalpha():
        return word
    return rng.choice(_MISSPELLINGS)(word, rng)


def _swap(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _double(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word))
    return word[:at] + word[at] + word[at:]


def _hit_neighbour(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word))
    neighbours = _NEIGHBOURS.get(word[at].lower())
    return word if neighbours is None else word[:at] + rng.choice(neighbours) + word[at + 1 :]


def _drop_vowels(word: str, rng: random.Random) -> str:  # noqa: ARG001 - one signature for all misspellings
    return word[0] + "".join(letter for letter in word[1:] if letter.lower() not in "aeiou")


_MISSPELLINGS: tuple[Callable[[str, random.Random], str], ...] = (_swap, _drop, _double, _hit_neighbour, _drop_vowels)
