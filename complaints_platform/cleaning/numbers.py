"""Personal numbers in texts: payment cards, national ids, accounts, telephone numbers.

Here belongs how a run of digits is told from dates, amounts and ticket numbers. Identifiers that hold
letters, and the other kinds of personal data, stand in ``redaction``.

A number is personal by its form (a checksum, a numbering plan), or because a word before it says so.
"""

import re
from itertools import pairwise

CARD, NATIONAL_ID, ACCOUNT, PHONE = "<CARD>", "<NATIONAL_ID>", "<ACCOUNT>", "<PHONE>"

_SEPARATOR = r"[ ().\-\u2010-\u2013/]"
MAYBE_NUMBER = rf"[0-9](?:{_SEPARATOR}{{0,3}}[0-9]){{5}}"
"""Gate (for Rust): six digits that may belong together."""

_NUMBER = re.compile(
    r"[+(0-9]"  # a class in front makes the search fast; what may not stand before it is looked for behind it
    r"(?<![\w#=@&/+$£€¥₦].)(?<![0-9][.,\-:].)(?<!NGN .)(?<!USD .)(?<!GBP .)(?<!EUR .)(?:(?<=[0-9])|[+(]?[0-9])"
    rf"(?:{_SEPARATOR}{{0,3}}[0-9]){{5,30}}(?![\w@%])(?![.,\-/:][0-9])"
)
_NO_SEPARATORS = str.maketrans("", "", " ().-/\u2010\u2011\u2012\u2013")
_FEWEST_DIGITS = 6
_CUE_WINDOW = 40
"""Characters before a number in which words may announce it."""

_CUE_WORD = re.compile(r"[a-z/]+|[0-9.!?]")
_NATIONAL_ID_CUES = frozenset(
    ["nin", "bvn", "ssn", "nino", "insurance", "security", "identity", "identification", "verification"]
)
_ACCOUNT_CUES = frozenset({"account", "accounts", "acct", "acc", "a/c", "nuban", "konto"})
_PHONE_CUES = frozenset(
    [
        "call", "called", "calling", "cell", "cellphone", "contact", "dial", "dialled", "fax", "line", "lines",
        "mobile", "msisdn", "phone", "phones", "reach", "reached", "ring", "sim", "sms", "tel", "telephone", "text",
        "texted", "whatsapp",
    ]
)  # fmt: skip
_DIGITS = {NATIONAL_ID: (9, 11), ACCOUNT: (6, 18), PHONE: (7, 15)}
"""Token → least and most digits of a number that a word announces."""

_POSSESSIVES = frozenset({"my", "his", "her", "our", "their", "this", "these"})
"""Before "number", they make it a telephone number ("order number" is none)."""

_CARD = re.compile(
    r"4[0-9]{12}|4[0-9]{15}|4[0-9]{18}|(?:5[0-9]|2[2-7])[0-9]{14}|3[47][0-9]{13}|3[0689][0-9]{12}|[56][0-9]{15,18}"
)
"""Lengths and first digits of Visa, Mastercard, American Express, Diners, Discover, Maestro, Verve (ISO/IEC 7812)."""

_SSN = re.compile(r"(?!000|666|9)[0-9]{3}[ -](?!00)[0-9]{2}[ -](?!0000)[0-9]{4}")
"""A US Social Security number in its usual notation, without the ranges that are never issued (SSA, 2011)."""

_STRAY_DIGIT = re.compile(r"(?<![0-9+.\-/\u2010-\u2013])[02-9] | [0-9]$")
"""A digit alone at either end is rather another number ("0803 123 4567 2 times"); a 1 in front is a country."""

_SHORT_WORD, _FEW_WORDS = 3, 4
"""A number in fewer words than that needs longer ones to be one ("text STOP to 52809 10 times" holds none)."""

_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .\-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\-])[2-9][0-9]{2}[ .\-]?[0-9]{4}")
_PHONE = re.compile(
    r"\+[1-9][0-9]{6,15}|00[1-9][0-9]{8,13}|0[1-9][0-9]{7,10}"
    r"|234[789][0-9]{9}|44[1-9][0-9]{9}|49[1-9][0-9]{9,11}|1[2-9][0-9]{2}[2-9][0-9]{6}"
)
"""With +, with 00, with the national 0, or the bare international form of Nigeria, the UK, Germany, North America
(E.164 and national numbering plans; a 16th digit is the 0 of "+44 (0) 20 …"). Other countries can't be told."""

_DATE_OR_FRACTION = re.compile(
    r"\(?(?:[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})(?: |$)|[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2}(?: |$)"
    r"|[0-9]+\.[0-9]+$)"
)
"""What only looks like a number with separators."""


def redact_numbers(text: str) -> str:
    """Replace personal numbers in ``text`` by their tokens."""
    pieces, position = [], 0
    for match in _NUMBER.finditer(text):
        start = match.start()
        pieces += [text[position:start], _redact_number(match.group(), text[max(0, start - _CUE_WINDOW) : start])]
        position = match.end()
    return "".join(pieces) + text[position:] if pieces else text


def _redact_number(candidate: str, before: str) -> str:
    """Replace what is personal in a run of digits; blanks in it may separate it from other numbers."""
    compact = candidate.translate(_NO_SEPARATORS)
    if _CARD.fullmatch(compact) and not _DATE_OR_FRACTION.match(
        candidate
    ):  # or none, if it was mistyped: no part of it is a number of its own
        return CARD if _passes_luhn(compact) else candidate
    announced = "" if candidate[0] == "+" else _announced(before)
    words = candidate.split(" ")
    for first in range(len(words)):
        for last in range(len(words), first, -1):
            token = _kind_of_number(" ".join(words[first:last]), announced)
            if token is not None:
                return " ".join([*words[:first], token, *words[last:]])
    return candidate


def _kind_of_number(written: str, announced: str) -> str | None:
    """Say what a number is by the words before it, or else by its form; some phone numbers look like accounts."""
    compact = written.translate(_NO_SEPARATORS)
    if len(compact) < _FEWEST_DIGITS or _DATE_OR_FRACTION.match(written):
        return None
    if _CARD.fullmatch(compact) and _passes_luhn(compact):
        return CARD
    if _SSN.fullmatch(written):
        return NATIONAL_ID
    if _STRAY_DIGIT.search(written):
        return None
    if announced and compact[0] != "+" and _fits(written, len(compact), announced):
        return announced
    return PHONE if _PHONE.fullmatch(compact) or _NORTH_AMERICAN.fullmatch(written) else None


def _fits(written: str, digits: int, announced: str) -> bool:
    """Say whether a number may be of the kind that words announce."""
    words = written.split(" ")
    torn = 1 < len(words) < _FEW_WORDS and min(map(len, words)) < _SHORT_WORD
    shortest, longest = _DIGITS[announced]
    return not torn and shortest <= digits <= longest


def _announced(before: str) -> str:
    """Say which kind of number the words before one announce, up to a sentence's end; "" if none, or within a code."""
    if before.endswith("-"):
        return ""
    words: list[str] = []
    for word in reversed(_CUE_WORD.findall(before.lower())):
        if not word[0].isalpha():
            break
        words.append(word)
    if not _NATIONAL_ID_CUES.isdisjoint(words):
        return NATIONAL_ID
    if not _ACCOUNT_CUES.isdisjoint(words):
        return ACCOUNT
    possessive = any(noun.startswith("number") and owner in _POSSESSIVES for noun, owner in pairwise(words))
    return PHONE if possessive or not _PHONE_CUES.isdisjoint(words) else ""


def _passes_luhn(digits: str) -> bool:
    """Check the last digit by ISO/IEC 7812-1, annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0
