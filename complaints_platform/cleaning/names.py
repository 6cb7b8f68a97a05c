"""Names in texts, as far as words before them announce them.

Names without such a word are not found: that takes a model of the language, and errs on products and places.
"""

import re

NAME = "<NAME>"

_MY_NAME = r"m[yi] (?:full )?names? (?:is|are|na)|my name[\u2019']?s|mein name ist"
_SURE_CUE = (
    r"(?:my|full|customer) name ?:|(?:i am|i[\u2019']m) called"
    r"|account holder(?:[\u2019']?s name)?(?: is| ?:)|registered (?:in|on|under|to) the name of"
)
_LABEL = r"names? ?(?:[:=]| -)"
_CLOSING = "regards|sincerely|faithfully|yours truly|best wishes|freundlichen grüßen|in the name of"
_SELF = r"(?:this|it) is |i am |i[\u2019']m "
_SPEAKS = r"[\w\u0300-\u036f'\u2019\-]+ (?:[\w\u0300-\u036f'\u2019\-]+ )?(?:here|speaking|calling|writing)"
_TITLE = r"(?:(?:mr|mrs|ms|miss|dr|prof|engr|chief|alhaji|alhaja|herr|frau)\b\.? )?"
_NOT_WITHIN = r"(?<!\bin )(?<!\bunder )(?<!\bon )(?<!\bof )"
"""An account "in my name is" something, and one writes "in regards to" it."""

_CUE = re.compile(
    rf"\b(?:(?P<sure>(?:{_NOT_WITHIN}|(?=(?-i:My)))(?:{_MY_NAME})|{_SURE_CUE})[ :,]{{1,3}}"  # "My" begins a sentence
    rf"|{_NOT_WITHIN}(?:{_CLOSING})(?:, ?| )|(?:{_SELF})(?={_SPEAKS}\b)"
    rf"|(?<!account )(?<!agency )(?<!company )(?<!business )(?<!bank )(?<!creditor )(?<!product )(?<!plan ){_LABEL} ?)"
    rf"{_TITLE}",
    re.IGNORECASE,
)
MAYBE_NAME = tuple(f"(?i){cue}" for cue in (f"{_MY_NAME}|{_SURE_CUE}", _LABEL, _CLOSING, f"(?:{_SELF}){_SPEAKS}"))
"""Gates (for Rust), several because each alone is searched for faster."""

_LETTERS = r"(?:[^\W\d_][\u0300-\u036f]*)+"
"""Letters with the accents that no single character holds, as in Yoruba names."""

_WORD = re.compile(rf"{_LETTERS}(?:[\u2019'\-]{_LETTERS})*(?:(?<= [A-Z])\.)?")
_MAX_NAMES = 3
_NO_NAME = frozenset(
    [
        "a", "about", "again", "against", "agent", "all", "also", "always", "am", "an", "and", "any", "are", "as",
        "asking", "at", "bad", "because", "been", "being", "but", "by", "called", "calling", "can", "correct",
        "customer", "disappointed", "do", "does", "for", "from", "getting", "had", "has", "have", "he", "her", "here",
        "his", "i", "i'm", "if", "in", "incorrect", "is", "it", "just", "line", "listed", "live", "living", "mine",
        "misspelled", "my", "name", "never", "no", "not", "now", "number", "of", "off", "on", "or", "our", "out",
        "phone", "please", "really", "reporting", "she", "since", "so", "sorry", "speaking", "spelled", "spelt",
        "still", "that", "the", "their", "them", "they", "this", "to", "under", "unhappy", "very", "was", "we",
        "were", "what", "when", "where", "who", "why", "will", "with", "without", "writing", "wrong", "wrongly",
        "you", "your",
    ]
)  # fmt: skip
"""What may follow a cue and is no name, and what ends one."""


def redact_names(text: str) -> str:
    """Replace names after cues in ``text`` by ``NAME``."""
    pieces, position = [], 0
    for cue in _CUE.finditer(text):
        end = _name_end(text, cue) if cue.end() >= position else None
        if end is not None:
            pieces += [text[position : cue.end()], NAME]
            position = end
    return "".join(pieces) + text[position:]


def _name_end(text: str, cue: re.Match[str]) -> int | None:
    """Return where the name after ``cue`` ends; None if none follows.

    After a sure cue a name may be written in small letters; everywhere else its words are capitalised.
    Words of X alone are what the CFPB puts in the place of names, and stay.
    """
    end = None
    start = cue.end()
    capitalised_only = not cue["sure"]
    for _ in range(_MAX_NAMES):
        word = _WORD.match(text, start)
        if word is None or _plain(word.group()) in _NO_NAME or not word.group().strip("Xx"):
            break
        if capitalised_only and not word.group()[0].isupper():
            break
        capitalised_only = capitalised_only or word.group()[0].isupper()
        end = word.end()
        if not text.startswith(" ", end):
            break
        start = end + 1
    return end


def _plain(word: str) -> str:
    return word.lower().replace("\u2019", "'")
