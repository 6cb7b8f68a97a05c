"""Customers: where they live, what they are called, and how each channel identifies them.

All of them are invented. E-mail addresses use the domains reserved by RFC 2606. Phone numbers
are random within each country's numbering plan, since the ranges reserved for fiction are too
small to tell customers apart (and some of them do not validate).
"""

import random as random_module
import unicodedata
from dataclasses import dataclass

from complaints_platform.generator.data import Country, Customers, load_data
from complaints_platform.generator.draws import Random, digits, pick

CUSTOMERS = load_data("customers.yaml", Customers)
COUNTRIES = {country.code: country for country in CUSTOMERS.countries}
REGION_COUNTRY = {region: country for country in CUSTOMERS.countries for region in country.regions}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. ``phone`` is in international digits, without a plus sign."""

    key: str
    country: Country
    region: str
    towns: tuple[str, ...]
    first_name: str
    last_name: str
    handle: str
    email: str
    phone: str
    product: str
    device: str


def person_of(seed: int, region: str, index: int) -> Person:
    """Return customer number ``index`` of ``region``; always the same one for the same arguments."""
    random = random_module.Random(f"{seed}/person/{region}/{index}").random  # noqa: S311 - reproducible, nothing secret
    country = REGION_COUNTRY[region]
    first, last = pick(country.first_names, random), pick(country.last_names, random)
    account = f"{ascii_letters(first)}{pick(('.', '_', ''), random)}{ascii_letters(last)}{index}".lower()
    return Person(
        key=f"{country.code}-{region}-{index}",
        country=country,
        region=region,
        towns=country.regions[region].towns,
        first_name=first,
        last_name=last,
        handle=account.replace(".", "")[-15:],
        email=f"{account}@{pick(CUSTOMERS.mail_domains, random)}",
        phone=phone_number(country, random),
        product=pick(country.products, random),
        device=pick(CUSTOMERS.devices, random),
    )


def phone_number(country: Country, random: Random) -> str:
    """Return a random mobile number (US: any number) of ``country`` as international digits."""
    blocks = "".join(pick(block, random) for block in country.phone_blocks)
    return country.dial + blocks + digits(country.phone_digits, random)


def national_phone(phone: str, country: str, random: Random) -> str:
    """Write international digits as people of ``country`` do, in one of several ways."""
    code = COUNTRIES[country].dial
    local = phone[len(code) :]
    if country == "US":
        area, exchange, line = local[:3], local[3:6], local[6:]
        return pick(
            (f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"+1 {area} {exchange} {line}",
             f"{area}.{exchange}.{line}", f"+1{local}"), random,
        )  # fmt: skip
    cut = 3 if country in {"NG", "DE"} else 4
    head, rest = local[:cut], local[cut:]
    spaced = f"{rest[:3]} {rest[3:]}"
    return pick(
        (f"0{local}", f"0{head} {spaced}", f"+{code} {head} {spaced}", f"+{code}{local}", f"0{head} {rest}"), random
    )


def ascii_letters(text: str) -> str:
    """Return the ASCII letters of ``text``, accents stripped (``Zoë`` → ``Zoe``)."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if letter.isascii() and letter.isalpha())
