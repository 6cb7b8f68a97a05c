"""How people type: misspellings, short forms, shouting, stretched vowels, typographic marks.

These belong to the customer's words and stay in the clean text.
"""

import unicodedata
from collections.abc import Callable

from complaints_platform.generator.data import Typing, load_data
from complaints_platform.generator.draws import Random, pick

_TYPING = load_data("typing.yaml", Typing)
_CURLY = str.maketrans({"'": "\N{RIGHT SINGLE QUOTATION MARK}"})


def misspell(text: str, rate: float, random: Random) -> str:
    """Give about ``rate`` of the words of ``text`` a slip of the finger (only words of four letters and more)."""
    words = text.split(" ")
    slips = rate * len(words)
    count = int(slips) + (random() < slips % 1)
    for _ in range(count):
        index = int(random() * len(words))
        word = words[index]
        if len(word) > 3 and word.isalpha():  # noqa: PLR2004 - short words, refs and amounts stay readable
            words[index] = pick(_SLIPS, random)(word, 1 + int(random() * (len(word) - 2)), random)
    return " ".join(words)


def shorten(text: str, share: float, random: Random) -> str:
    """Replace about ``share`` of the words that have one by their SMS short form."""
    forms = _TYPING.short_forms
    return " ".join(forms[word] if word in forms and random() < share else word for word in text.split(" "))


def stretch(text: str, random: Random) -> str:
    """Stretch the vowel of one word (``sooooo slow``)."""
    words = text.split(" ")
    index = int(random() * len(words))
    word = words[index]
    for vowel in "oeai":
        if vowel in word and word.isalpha():
            words[index] = word.replace(vowel, vowel * (3 + int(random() * 4)), 1)
            break
    return " ".join(words)


def typographic(text: str) -> str:
    """Set apostrophes and quotation marks as a phone's keyboard does."""
    curly = text.translate(_CURLY)
    if '"' not in curly:
        return curly
    pieces = curly.split('"')
    marks = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    return "".join(piece + (marks[index % 2] if index < len(pieces) - 1 else "") for index, piece in enumerate(pieces))


def to_latin1(text: str) -> str:
    """Return ``text`` as a Latin-1 system stores it: what it can't write loses accents or becomes ``?``."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        text = text.replace("₦", "N").replace("€", "EUR ")
        letters = (letter for letter in text if not unicodedata.combining(letter))
        pieces = (letter if ord(letter) < 256 else unicodedata.normalize("NFKD", letter)[0] for letter in letters)  # noqa: PLR2004
        return "".join(pieces).encode("latin-1", "replace").decode("latin-1")
    return text


def _swap(word: str, at: int, _random: Random) -> str:
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _drop(word: str, at: int, _random: Random) -> str:
    return word[:at] + word[at + 1 :]


def _double(word: str, at: int, _random: Random) -> str:
    return word[:at] + word[at] + word[at:]


def _neighbour(word: str, at: int, random: Random) -> str:
    near = _TYPING.neighbours.get(word[at].lower(), word[at])
    return word[:at] + near[int(random() * len(near))] + word[at + 1 :]


_SLIPS: tuple[Callable[[str, int, Random], str], ...] = (_swap, _drop, _double, _neighbour)
