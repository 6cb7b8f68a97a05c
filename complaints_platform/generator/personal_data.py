"""Personal data that people put into their words: fake, but valid by every checksum.

Cards lie in the ranges that payment processors publish for tests; IP addresses are those of
RFC 5737 and RFC 3849; IBANs carry right check digits (ISO 13616) over random accounts.
"""

from collections.abc import Callable
from typing import NamedTuple

from complaints_platform.generator.data import PersonalData, load_data
from complaints_platform.generator.draws import Random, chance, cumulative, digits, pick
from complaints_platform.generator.noise import to_latin1
from complaints_platform.generator.people import COUNTRIES, CUSTOMERS, Person, national_phone, phone_number

_CARD_PREFIXES = (("424242", 16), ("400000", 16), ("555555", 16), ("510510", 16), ("601111", 16), ("378282", 15))
_NINO_PREFIXES = ("AB", "CE", "HJ", "JK", "LM", "MW", "PR", "SE", "TS", "WX", "YZ", "ZR")
_IBAN_BANKS = {"DE": ("", 18), "GB": ("TEST", 14), "FR": ("", 23), "NL": ("TEST", 10)}


class PersonalDatum(NamedTuple):
    """One piece of personal data as it stands in a text."""

    kind: str
    value: str
    cue: str
    """The words before a name; empty for what is recognisable by itself."""


def personal_sentence(person: Person, random: Random, *, latin1: bool) -> tuple[str, PersonalDatum]:
    """Return a sentence in which ``person`` gives away something, and what it is.

    ``latin1`` says that the sentence must be writable in that character set.
    """
    draw = random()
    kind = next(kind for limit, kind in _KINDS_BY_COUNTRY[person.country.code] if draw < limit)
    value = _MAKERS[kind](person, random)
    if latin1:
        value = to_latin1(value)
    before, after = pick(_SENTENCES[kind], random)
    return f"{before}{value}{after}", PersonalDatum(kind, value, before.strip() if kind == "name" else "")


def luhn_check_digit(number: str) -> str:
    """Return the digit that makes ``number`` valid by Luhn's formula (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the formula's own nine
    return str(-total % 10)


def iban_check_digits(country: str, account: str) -> str:
    """Return the two check digits of an IBAN (ISO 7064 MOD 97-10)."""
    numeric = "".join(str(int(letter, 36)) for letter in f"{account}{country}00")
    return f"{98 - int(numeric) % 97:02d}"


def _phone(person: Person, random: Random) -> str:
    own = chance(0.7, random)
    country = person.country if own else pick(CUSTOMERS.countries, random)
    return national_phone(person.phone if own else phone_number(country, random), country.code, random)


def _email(person: Person, random: Random) -> str:
    return person.email if chance(0.8, random) else person.email.capitalize()


def _card(_person: Person, random: Random) -> str:
    prefix, length = pick(_CARD_PREFIXES, random)
    number = prefix + digits(length - len(prefix) - 1, random)
    number += luhn_check_digit(number)
    separator = pick(("", " ", "-", " "), random)
    sizes = (4, 6, 5) if length == 15 else (4, 4, 4, 4)  # noqa: PLR2004 - American Express groups 4-6-5
    parts, start = [], 0
    for size in sizes:
        parts.append(number[start : start + size])
        start += size
    return separator.join(parts)


def _iban(_person: Person, random: Random) -> str:
    country = pick(tuple(_IBAN_BANKS), random)
    bank, length = _IBAN_BANKS[country]
    account = bank + digits(length, random)
    iban = f"{country}{iban_check_digits(country, account)}{account}"
    grouped = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    return pick((iban, grouped), random)


def _ssn(_person: Person, random: Random) -> str:
    area, group, serial = 1 + int(random() * 665), 1 + int(random() * 99), 1 + int(random() * 9999)
    return f"{area:03d}-{group:02d}-{serial:04d}"


def _nino(_person: Person, random: Random) -> str:
    prefix, suffix, number = pick(_NINO_PREFIXES, random), pick(("A", "B", "C", "D"), random), digits(6, random)
    return pick((f"{prefix}{number}{suffix}", f"{prefix} {number[:2]} {number[2:4]} {number[4:]} {suffix}"), random)


def _ip(_person: Person, random: Random) -> str:
    net = pick(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8::"), random)
    return f"{net}{1 + int(random() * 254)}"


def _name(person: Person, _random: Random) -> str:
    return f"{person.first_name} {person.last_name}"


def _url(_person: Person, random: Random) -> str:
    return f"https://pay.example.com/reset?user={digits(5, random)}&token={int(random() * 2**48):x}{digits(6, random)}"


_MAKERS: dict[str, Callable[[Person, Random], str]] = {
    "phone": _phone,
    "email": _email,
    "card": _card,
    "iban": _iban,
    "nin": lambda _person, random: str(1 + int(random() * 9)) + digits(10, random),
    "bvn": lambda _person, random: "22" + digits(9, random),
    "ssn": _ssn,
    "nino": _nino,
    "ip": _ip,
    "name": _name,
    "url": _url,
}

_DATA = load_data("personal_data.yaml", PersonalData)
_SENTENCES = {
    kind: [sentence.split("{value}") for sentence in sentences] for kind, sentences in _DATA.sentences.items()
}
_KINDS_BY_COUNTRY = {
    country: tuple(zip(cumulative(list(shares.values())), shares, strict=True))
    for country in COUNTRIES
    for shares in [{**_DATA.shares["everywhere"], **_DATA.shares[country]}]
}
