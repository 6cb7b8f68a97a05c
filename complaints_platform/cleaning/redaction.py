"""Redaction: personal data in texts gives way to typed tokens such as ``<PHONE>``.

Here belongs what personal data looks like. How texts are normalised before stands in ``text``; how
customers are hashed, in ``identity``.

A rule is a cheap gate (a Rust regular expression that lets every text with a match pass), and a
function that replaces what it finds. Rules run in the order of ``RULES`` and see what the ones before
left. What a checksum can confirm (cards, IBANs) must have it; what only looks like an ordinary
number (national ids, account numbers, national phone numbers without a leading 0) must be announced
by a word before it.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from complaints_platform.cleaning.text import map_rows, scatter


EMAIL, PHONE, CARD, IBAN, NATIONAL_ID, IP, URL, NAME, ACCOUNT = (
    f"<{kind}>" for kind in ("EMAIL", "PHONE", "CARD", "IBAN", "NATIONAL_ID", "IP", "URL", "NAME", "ACCOUNT")
)

# --- web addresses ---------------------------------------------------------------------------------

_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"]*[^\s<>\".,;:!?)\]}']", re.IGNORECASE)
_PERSONAL_PARAMETER = re.compile(
    r"token|secret|passw|pwd|auth|session|sid$|api_?key|^key$|sig(?:nature)?$|jwt|otp|^code$|e?mail|phone|mobile|msisdn"
    r"|user|login|name|account|acct|customer|iban|card|ssn|^nin$|^bvn$|reset|verif|invite",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?=[\w\-]*[0-9])(?=[\w\-]*[A-Za-z])[\w\-]{32,}")
"""A path part or value that only serves as a secret: long, letters and digits."""


def _redact_urls(text: str) -> str:
    return _URL.sub(lambda match: URL if _is_personal_url(match.group()) else match.group(), text)


def _is_personal_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no IPv6 address
        return True
    if "@" in parts.netloc or _OPAQUE.search(parts.path) or "@" in parts.path.lstrip("/@"):
        return True
    pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(parts.fragment)
    return any(_PERSONAL_PARAMETER.search(name) or "@" in value or _OPAQUE.search(value) for name, value in pairs)


# --- e-mail addresses ------------------------------------------------------------------------------

_EMAIL = r"[\w.+%'\-]+@(?:[\w\-]+\.)+\p{L}{2,}"
"""For Rust, whose search takes linear time; Python's tries every character before an @ as a beginning."""

# --- IBANs -----------------------------------------------------------------------------------------

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
"""Country → characters, from the SWIFT IBAN registry (ISO 13616)."""

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,29}")


def _redact_ibans(text: str) -> str:
    pieces, position = [], 0
    while match := _IBAN.search(text, position):
        end = _iban_end(match.group())
        stop = match.start() + (end or 2)
        pieces.append(text[position : match.start()] + IBAN if end else text[position:stop])
        position = stop
    return "".join(pieces) + text[position:]


def _iban_end(candidate: str) -> int | None:
    """Return where the IBAN at the start of ``candidate`` ends; None if its check digits are wrong."""
    length = _IBAN_LENGTHS.get(candidate[:2].upper())
    positions = [index for index, character in enumerate(candidate) if character.isalnum()]
    if length is None or len(positions) < length:
        return None
    end = positions[length - 1] + 1
    if candidate[end : end + 1].isalnum():
        return None
    compact = "".join(character for character in candidate[:end] if character.isalnum()).upper()
    number = int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4]))
    return end if number % 97 == 1 else None


# --- internet addresses ----------------------------------------------------------------------------

_IP = re.compile(
    r"(?<![\w.:])(?<!version )(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.[0-9])|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))",
    re.IGNORECASE,
)
_IPV6_GROUPS = 3
"""Fewer groups are rather a time or a score than an address."""


def _redact_ips(text: str) -> str:
    return _IP.sub(lambda match: IP if _is_ip(match.group()) else match.group(), text)


def _is_ip(candidate: str) -> bool:
    try:
        address = ipaddress.ip_address(candidate)
    except ValueError:
        return False
    return address.version == 4 or sum(map(bool, candidate.split(":"))) >= _IPV6_GROUPS  # noqa: PLR2004


# --- national ids that hold letters ----------------------------------------------------------------

_NINO = re.compile(
    r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b", re.IGNORECASE
)
"""UK National Insurance number (HMRC, NIM39110)."""


def _redact_ninos(text: str) -> str:
    return _NINO.sub(NATIONAL_ID, text)


# --- numbers: cards, national ids, accounts, phones ------------------------------------------------

_SEPARATOR = r"[ ().\-\u2010-\u2013/]"
_NUMBER = re.compile(
    r"[+(0-9](?<![\w#=@&/+$£€¥₦].)(?<![0-9][.,\-:].)(?<!NGN .)(?<!USD .)(?<!GBP .)(?<!EUR .)(?:(?<=[0-9])|[+(]?[0-9])"  # the class in front makes the search fast
    rf"(?:{_SEPARATOR}{{0,3}}[0-9]){{5,30}}(?![\w@%])(?![.,\-/:][0-9])"
)
_SEPARATORS = re.compile(_SEPARATOR)
_CUE_WINDOW = 40
"""Characters before a number in which words may announce it."""

_CUE_WORD = re.compile(r"[a-z/]+|[0-9.!?]")
_NATIONAL_ID_CUES = frozenset({"nin", "bvn", "ssn", "nino", "insurance", "security", "identity", "identification", "verification"})
_ACCOUNT_CUES = frozenset({"account", "accounts", "acct", "acc", "a/c", "nuban", "konto"})
_PHONE_CUES = frozenset(
    "call called calling cell cellphone contact dial dialled fax line lines mobile msisdn phone phones reach reached ring sim sms "
    "tel telephone text texted whatsapp".split()
)
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

_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[ .\-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\-])[2-9][0-9]{2}[ .\-]?[0-9]{4}"
)
_PHONE = re.compile(
    r"\+[1-9][0-9]{6,15}|00[1-9][0-9]{8,13}|0[1-9][0-9]{7,10}"
    r"|234[789][0-9]{9}|44[1-9][0-9]{9}|49[1-9][0-9]{9,11}|1[2-9][0-9]{2}[2-9][0-9]{6}"
)
"""With +, with 00, with the national 0, or the bare international form of Nigeria, the UK, Germany, North America
(E.164 and national numbering plans; a 16th digit is the 0 of "+44 (0) 20 …"). Other countries can't be told."""

_DATE_OR_FRACTION = re.compile(
    r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})(?: |$)|[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2}(?: |$)|[0-9]+\.[0-9]+$"
)
"""What only looks like a number with separators."""


def _redact_numbers(text: str) -> str:
    pieces, position = [], 0
    for match in _NUMBER.finditer(text):
        start = match.start()
        pieces += [text[position:start], _redact_number(match.group(), text[max(0, start - _CUE_WINDOW) : start])]
        position = match.end()
    return "".join(pieces) + text[position:] if pieces else text


def _redact_number(candidate: str, before: str) -> str:
    """Replace what is personal in a run of digits; blanks in it may separate it from other numbers."""
    announced: str | None = None
    words = candidate.split(" ")
    for first in range(len(words)):
        for last in range(len(words), first, -1):
            written = " ".join(words[first:last])
            token = _kind_of_number(written)
            if token in {None, PHONE} and written[0] != "+":  # an account number, too, may begin with 0
                announced = _announced(before) if announced is None else announced
                token = _kind_by_cue(written, announced) or token
            if token is not None:
                return " ".join([*words[:first], token, *words[last:]])
    return candidate


def _kind_of_number(written: str) -> str | None:
    """Say what a number is by its form alone."""
    if _DATE_OR_FRACTION.match(written):
        return None
    compact = _SEPARATORS.sub("", written)
    if _CARD.fullmatch(compact):
        return CARD if _passes_luhn(compact) else None
    if _SSN.fullmatch(written):
        return NATIONAL_ID
    return PHONE if _PHONE.fullmatch(compact) or _NORTH_AMERICAN.fullmatch(written) else None


def _announced(before: str) -> str:
    """Say which kind of number the words before one announce; a sentence's or number's end breaks off."""
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


def _kind_by_cue(written: str, announced: str) -> str | None:
    if not announced or _DATE_OR_FRACTION.match(written):
        return None
    shortest, longest = _DIGITS[announced]
    return announced if shortest <= sum(map(str.isdigit, written)) <= longest else None


def _passes_luhn(digits: str) -> bool:
    """Check the last digit by ISO/IEC 7812-1, annex B."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


# --- names -----------------------------------------------------------------------------------------

_SURE_CUE = (
    r"my (?:full )?names? (?:is|are)|my name[\u2019']?s|(?:my|full|customer) name ?:|(?:i am|i[\u2019']m) called"
    r"|account holder(?:[\u2019']?s name)?(?: is| ?:)|registered (?:in|on|under|to) the name of"
)
_LIST_CUE = r"(?:^|[.!?;,>] ?)name ?:"
_CLOSING = "regards|sincerely|faithfully|yours truly|in the name of"
_SELF = r"(?:this|it) is |i am |i[\u2019']m "
_SPEAKS = r"\w+ (?:\w+ )?(?:here|speaking|calling|writing)"
_CUE = re.compile(
    rf"(?:(?<!\w)(?<!in )(?<!under )(?<!on )(?<!of )"  # an account "in my name is" something
    rf"(?:(?P<sure>{_SURE_CUE})[ :,]{{1,3}}|(?:{_CLOSING}),? |(?:{_SELF})(?={_SPEAKS}\b))|(?P<listed>{_LIST_CUE}) ?)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:[\u2019'\-][^\W\d_]+)*(?:(?<= [A-Z])\.)?")
_MAX_NAMES = 3
_NO_NAME = frozenset(
    "a about again against agent all also always am an and any are as asking at bad because been being but by called calling can "
    "correct customer disappointed do does for from getting had has have he her here his i i'm i’m if in incorrect is it just "
    "line listed live living mine misspelled my name never no not now number of off on or our out phone please really reporting "
    "she since so sorry speaking spelled spelt still that the their them they this to under unhappy very was we were what when "
    "where who why will with without writing wrong wrongly you your".split()
)
"""What may follow a cue and is no name, and what ends one."""


def _redact_names(text: str) -> str:
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
    capitalised_only = not (cue["sure"] or cue["listed"])
    for _ in range(_MAX_NAMES):
        word = _WORD.match(text, start)
        if word is None or word.group().lower() in _NO_NAME or not word.group().strip("Xx"):
            break
        if capitalised_only and not word.group()[0].isupper():
            break
        capitalised_only = capitalised_only or word.group()[0].isupper()
        end = word.end()
        if not text.startswith(" ", end):
            break
        start = end + 1
    return end


# --- all of it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """One kind of personal data: a gate that every text with a match passes, and how it is replaced."""

    gate: str
    replace: Callable[[str], str]


_EMAIL_GATE = r"@[^\s@]+\."
_RULES = (
    Rule(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", _redact_ips),
    Rule(r"(?i)[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:]", _redact_ips),
    Rule(r"[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11}", _redact_ibans),
    Rule(r"[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]", _redact_ninos),
    Rule(rf"[0-9](?:{_SEPARATOR}{{0,3}}[0-9]){{5}}", _redact_numbers),
    Rule(f"(?i){_SURE_CUE}", _redact_names),
    Rule("(?i)name ?:", _redact_names),
    Rule(f"(?i){_CLOSING}", _redact_names),
    Rule(f"(?i)(?:{_SELF}){_SPEAKS}", _redact_names),
)


def redact_texts(texts: pl.Series) -> pl.Series:
    """Return ``texts`` (String, normalised; nulls stay) with personal data replaced by typed tokens.

    Caught: web addresses that carry credentials or personal parameters, e-mail addresses, IP
    addresses, IBANs (mod 97), payment cards (Luhn), UK National Insurance numbers, US Social
    Security numbers, Nigerian NIN and BVN after their name, account numbers after "account",
    telephone numbers, names after cues. Not caught: names without a cue, postal addresses,
    handles, numbers in words.
    """
    texts = map_rows(texts, texts.str.contains("://", literal=True), _redact_urls)
    rows = texts.str.contains(_EMAIL_GATE).arg_true()
    texts = scatter(texts, rows, texts.gather(rows).str.replace_all(_EMAIL, EMAIL))
    for rule in _RULES:
        texts = map_rows(texts, texts.str.contains(rule.gate), rule.replace)
    return texts
