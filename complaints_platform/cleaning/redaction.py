"""Redaction: personal data in texts gives way to typed tokens such as ``<PHONE>``.

A rule is a cheap gate (a Rust regular expression that lets every text with a match pass), and a
function that replaces what it finds. Rules run in the order of ``_RULES`` and see what the ones before
left. What a checksum can confirm (cards, IBANs) must have it; what only looks like an ordinary number
must be announced by a word before it. The rules of numbers (phones, cards, accounts) are in ``numbers``, those of
names in ``names``.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from complaints_platform.cleaning.names import MAYBE_NAME, NAME, redact_names
from complaints_platform.cleaning.numbers import ACCOUNT, CARD, MAYBE_NUMBER, NATIONAL_ID, PHONE, redact_numbers
from complaints_platform.cleaning.text import map_rows, scatter

URL, EMAIL, IBAN, IP = "<URL>", "<EMAIL>", "<IBAN>", "<IP>"

# --- web addresses ---------------------------------------------------------------------------------

_URL = re.compile(
    r"(?:\b(?:https?|ftp)://|(?<![\w/.@\-])(?:[\w\-]+\.)+[a-z]{2,24}/[^\s<>\"?]*\?(?=[^\s<>\"]*=))[^\s<>\"]*[^\s<>\".,;:!?)\]}']",
    re.IGNORECASE,
)
"""With its scheme, or without one if it carries parameters."""

_PERSONAL_PARAMETER = re.compile(
    r"token|secret|passw|pwd|auth|session|sid$|api_?key|^key$|sig(?:nature)?$|jwt|otp|^code$|e?mail|phone|mobile|msisdn"
    r"|user|login|name|account|acct|customer|iban|card|ssn|^nin$|^bvn$|reset|verif|invite",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?=[\w\-]*[0-9])(?=[\w\-]*[A-Za-z])[\w\-]{32,}")
"""A path part or value that only serves as a secret: long, letters and digits."""
_NAMED_BY_NUMBER = frozenset({"wa.me"})
"""Sites where the path is a telephone number."""


def _redact_urls(text: str) -> str:
    return _URL.sub(lambda match: URL if _is_personal_url(match.group()) else match.group(), text)


def _is_personal_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no IPv6 address
        return True
    if (
        "@" in parts.netloc
        or parts.netloc.lower() in _NAMED_BY_NUMBER
        or _OPAQUE.search(parts.path)
        or "@" in parts.path.lstrip("/@")
    ):
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
    r"(?<![\w.])(?<!version )"
    r"(?:(?<![0-9]:)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.[0-9])"
    r"|(?<!:)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))",
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
    r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]\b",
    re.IGNORECASE,
)
"""UK National Insurance number (HMRC, NIM39110)."""


def _redact_ninos(text: str) -> str:
    return _NINO.sub(NATIONAL_ID, text)


# --- all of it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Replacement:
    """One kind of personal data: a gate that every text with a match passes, and how it is replaced."""

    gate: str
    replace: Callable[[str], str]


_MAYBE_EMAIL = r"@[^\s@]+\."
_RULES = (
    Replacement(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", _redact_ips),
    Replacement(r"(?i)[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:]", _redact_ips),
    Replacement(r"[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11}", _redact_ibans),
    Replacement(r"[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[A-Da-d]", _redact_ninos),
    Replacement(MAYBE_NUMBER, redact_numbers),
    *(Replacement(gate, redact_names) for gate in MAYBE_NAME),
)


TOKENS = [URL, EMAIL, IBAN, IP, CARD, NATIONAL_ID, ACCOUNT, PHONE, NAME]
"""All that redaction puts in the place of personal data."""


def redact_texts(texts: pl.Series, account_pattern: str | None = None) -> pl.Series:
    """Return ``texts`` (String, normalised; nulls stay) with personal data replaced by typed tokens.

    A company's own account numbers come first, if ``account_pattern`` says what they look like.

    Caught: web addresses that carry credentials or personal parameters, e-mail addresses, IP
    addresses, IBANs (mod 97), payment cards (Luhn), UK National Insurance numbers, US Social
    Security numbers, Nigerian NIN and BVN after their name, account numbers after "account",
    telephone numbers, names after cues. Not caught: names without a cue, postal addresses,
    handles, numbers in words.
    """
    if account_pattern is not None:
        texts = texts.str.replace_all(account_pattern, ACCOUNT)
    may_be_url = texts.str.contains("://", literal=True) | texts.str.contains("=", literal=True)
    texts = map_rows(texts, may_be_url, _redact_urls)
    rows = texts.str.contains(_MAYBE_EMAIL).arg_true()
    texts = scatter(texts, rows, texts.gather(rows).str.replace_all(_EMAIL, EMAIL))
    for rule in _RULES:
        texts = map_rows(texts, texts.str.contains(rule.gate), rule.replace)
    return texts
