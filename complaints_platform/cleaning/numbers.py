"""Personal numbers in texts: payment cards, national ids, accounts, telephone numbers.

A number is personal by its form (a checksum, a numbering plan), or because a word before it says so.
"""

import re

CARD, NATIONAL_ID, ACCOUNT, PHONE = "<CARD>", "<NATIONAL_ID>", "<ACCOUNT>", "<PHONE>"

MAYBE_NUMBER = r"[0-9](?:[ ().\-\u2010-\u2013/]{0,3}[0-9]){5}"
"""Gate (for Rust): six digits that may belong together."""

_SEPARATORS = r"(?!\. )[ ().\-\u2010-\u2013/]{0,3}"
"""A full stop before a blank ends the sentence, and the number with it."""

_NUMBER = re.compile(
    r"[+(0-9]"  # a class in front makes the search fast; what may not stand before it is looked for behind it
    r"(?<![\w#=@&+$£€¥₦].)(?<![^>]/.)(?<![0-9][.,\-:].)(?<!NGN .)(?<!USD .)(?<!GBP .)(?<!EUR .)"
    r"(?:(?<=[0-9])|[+(]?[0-9])"
    rf"(?:{_SEPARATORS}[0-9]){{5,30}}(?![\w@%])(?![.\-/:][0-9]|,[0-9]{{1,3}}(?![0-9]))"
)
_BETWEEN = re.compile(r" |(?<=[0-9]{4})/(?=\+?[0-9]{3})")
"""Where one number may end and another begin."""

_NO_SEPARATORS = str.maketrans("", "", " ().-/\u2010\u2011\u2012\u2013")
_FEWEST_DIGITS = 6
_CUE_WINDOW = 40
"""Characters before a number in which words may announce it."""

_CUE_WORD = re.compile(r"\bn[or]\.|[a-z/]+|[0-9.!?]")
_NATIONAL_ID_CUES = frozenset(
    ["nin", "bvn", "ssn", "nino", "insurance", "security", "identity", "identification", "verification"]
)
_ACCOUNT_CUES = frozenset({"account", "accounts", "acct", "acc", "a/c", "nuban", "konto"})
_PHONE_CUES = frozenset(
    [
        "call", "called", "calling", "cell", "cellphone", "contact", "dial", "dialled", "fax", "line", "lines",
        "mob", "mobile", "msisdn", "phone", "phones", "reach", "reached", "ring", "sim", "sms", "tel", "telephone",
        "text", "texted", "whatsapp",
    ]
)  # fmt: skip
_DIGITS = {NATIONAL_ID: (9, 11), ACCOUNT: (6, 18), PHONE: (7, 15)}
"""Token → least and most digits of a number that a word announces."""

_NUMBER_WORD = re.compile(r"numbers?|n[or]\.?")
_POSSESSIVES = frozenset({"my", "his", "her", "our", "their", "this", "these"})
"""Before "number" or "no", they make it a telephone number ("order number" is none)."""

_CARD = re.compile(
    r"4[0-9]{12}|4[0-9]{15}|4[0-9]{18}|(?:5[0-9]|2[2-7]|35)[0-9]{14}|3[47][0-9]{13}|3[0689][0-9]{12}|[56][0-9]{15,18}"
)
"""Lengths and first digits of Visa, Mastercard, JCB, American Express, Diners, Discover, Maestro, Verve (ISO/IEC
7812)."""

_SSN = re.compile(r"(?!000|666|9)[0-9]{3}[ -](?!00)[0-9]{2}[ -](?!0000)[0-9]{4}")
"""A US Social Security number in its usual notation, without the ranges that are never issued (SSA, 2011)."""

_STRAY_DIGIT = re.compile(r"^[2-9] | [0-9]$")
"""A digit alone at either end is rather another number ("0803 123 4567 2 times"); a 1 in front is a country."""

_SHORT_WORD, _FEW_WORDS = 3, 4
"""A number in fewer words than that needs longer ones to be one ("text STOP to 52809 10 times" holds none)."""

_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .\-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\-])[2-9][0-9]{2}[ .\-]?[0-9]{4}")
_PHONE = re.compile(
    r"\+[1-9][0-9]{6,15}|00[1-9][0-9]{8,13}|0[1-9][0-9]{7,10}"
    r"|234[789][0-9]{9}|44[1-9][0-9]{9}|49[1-9][0-9]{9,11}|1[2-9][0-9]{2}[2-9][0-9]{6}"
)
"""With +, with 00, with the national 0, or the bare international form of Nigeria, the UK, Germany, North America
(E.164 and national numbering plans; a 16th digit is the 0 of "+44 (0) 20 …"). Other countries can't be recognised."""

_ELEVEN_DIGITS = re.compile(r"0(?<![0-9].)[1-9][0-9]{9}(?![0-9])")
_GLUED_CUE = re.compile(r"(?<![\w.+\-/=#@&])(?:call|phone|tel|ph|mob|no)\Z", re.IGNORECASE)
_GLUED_BEFORE = re.compile(r"[\w.+\-/=#@&]\Z")
_LONGEST_GLUED = 6
"""A number in national form (Nigeria, the UK) may have lost the blank behind its cue, or that before the next word."""

_DATE_OR_FRACTION = re.compile(
    r"\(?(?:[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})(?: |$)|[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2}(?: |$)"
    r"|[0-9]+\.[0-9]+$)"
)
"""What only looks like a number with separators."""


def redact_numbers(text: str) -> str:
    """Replace personal numbers in ``text`` by their tokens."""
    text = _ELEVEN_DIGITS.sub(_redact_glued, text)
    pieces, position = [], 0
    for match in _NUMBER.finditer(text):
        start = match.start()
        pieces += [text[position:start], _redact_number(match.group(), text[max(0, start - _CUE_WINDOW) : start])]
        position = match.end()
    return "".join(pieces) + text[position:] if pieces else text


def _redact_glued(match: re.Match[str]) -> str:
    """Replace a telephone number without a blank before or behind it, as in "08031234567pls"."""
    text, start, end = match.string, match.start(), match.end()
    after_cue = _GLUED_CUE.search(text, max(0, start - _LONGEST_GLUED), start)
    before_word = text[end : end + 2].isalpha() and not _GLUED_BEFORE.search(text, max(0, start - 1), start)
    return PHONE if after_cue or before_word else match.group()


def _redact_number(candidate: str, before: str) -> str:
    """Replace the first that is personal in a run of digits, which may be several numbers side by side."""
    announced = "" if candidate[0] == "+" else _announced(before)
    borders = list(_BETWEEN.finditer(candidate))
    begins = [0, *(border.end() for border in borders)]
    ends = [*(border.start() for border in borders), len(candidate)]
    for place, begin in enumerate(begins):
        for end in reversed(ends[place:]):
            token = _kind_of_number(candidate[begin:end], announced)
            if token is not None:
                return candidate[:begin] + token + candidate[end:]
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
    broken_up = 1 < len(words) < _FEW_WORDS and min(map(len, words)) < _SHORT_WORD
    shortest, longest = _DIGITS[announced]
    return not broken_up and shortest <= digits <= longest


def _announced(before: str) -> str:
    """Say which kind of number the nearest word that announces one stands for, within the sentence; "" if none does.

    Behind a hyphen only the word before it counts ("BVN-22…"): most often it begins a code.
    """
    words: list[str] = []
    for word in reversed(_CUE_WORD.findall(before.lower())):
        if not word[0].isalpha():
            break
        words.append(word)
    if before.endswith("-"):
        del words[1:]
    for word, previous in zip(words, [*words[1:], ""], strict=False):
        if word in _NATIONAL_ID_CUES:
            return NATIONAL_ID
        if word in _ACCOUNT_CUES:
            return ACCOUNT
        if word in _PHONE_CUES or (_NUMBER_WORD.fullmatch(word) and previous in _POSSESSIVES):
            return PHONE
    return ""


def _passes_luhn(digits: str) -> bool:
    """Check the last digit by ISO/IEC 7812-1, annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0
