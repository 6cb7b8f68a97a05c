"""Customers: where they live, what they are called, and how each channel identifies them.

All of them are invented. E-mail addresses use the domains reserved by RFC 2606. Phone numbers
are random within each country's numbering plan, since the ranges reserved for fiction are too
small to tell customers apart (and some of them do not validate).
"""

import random as random_module
import unicodedata
from dataclasses import dataclass

from complaints_platform.generator.draws import Random, digits, pick


@dataclass(frozen=True)
class Country:
    """A market: its regions with their share of its customers and some of their towns."""

    code: str
    name: str
    regions: dict[str, tuple[int, tuple[str, ...]]]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    dial: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = {
    "NG": Country(
        "NG",
        "Nigeria",
        {
            "Lagos": (38, ("Surulere", "Ikeja", "Yaba", "Lekki", "Ajah", "Agege", "Ikorodu", "Festac")),
            "Abuja": (20, ("Wuse", "Garki", "Kubwa", "Maitama", "Gwarinpa", "Nyanya")),
            "Rivers": (14, ("Port Harcourt", "Obio", "Rumuokoro", "Eleme")),
            "Kano": (12, ("Sabon Gari", "Nassarawa", "Fagge", "Tarauni")),
            "Oyo": (10, ("Ibadan", "Bodija", "Ogbomoso", "Mokola")),
            "Enugu": (6, ("Nsukka", "Ogui", "Trans-Ekulu")),
        },
        _words(
            "Adaeze Chinedu Ngozi Emeka Tunde Bukola Yemi Folake Ibrahim Aisha Musa Halima Uche Ifeoma Segun Kemi "
            "Zainab Obinna Amaka Sade Femi Chidi Blessing Godwin Patience Sunday Ọlá Ṣadé Adébáyọ̀"
        ),
        _words(
            "Okafor Adeyemi Eze Balogun Nwosu Bello Abubakar Okonkwo Ogunleye Danjuma Obi Lawal Chukwu Adeleke "
            "Onyekachi Sani Ajayi Etim Umar Akpan Olawale Igwe"
        ),
        "234",
    ),
    "GB": Country(
        "GB",
        "the UK",
        {
            "London": (45, ("Hackney", "Croydon", "Brixton", "Ealing", "Camden", "Walthamstow", "Greenwich")),
            "Manchester": (20, ("Salford", "Didsbury", "Stockport", "Bolton")),
            "Birmingham": (15, ("Solihull", "Edgbaston", "Aston")),
            "Glasgow": (12, ("Partick", "Govan", "Paisley")),
            "Leeds": (8, ("Headingley", "Morley", "Otley")),
        },
        _words(
            "Oliver Amelia Harry Isla George Poppy Liam Sophie Callum Niamh Priya Imran Gareth Chloe Zoë Siân Aaron "
            "Megan Tariq Charlotte Declan Freya"
        ),
        _words(
            "Smith Jones Taylor Patel Hughes O'Brien Khan Walker Evans MacDonald Thompson Begum Wright Shaw Ahmed "
            "Murphy Lewis Clarke Bennett Hall-Jones"
        ),
        "44",
    ),
    "DE": Country(
        "DE",
        "Germany",
        {
            "Berlin": (40, ("Neukölln", "Pankow", "Spandau", "Köpenick", "Mitte")),
            "Hamburg": (25, ("Altona", "Eimsbüttel", "Wandsbek")),
            "München": (20, ("Schwabing", "Giesing", "Pasing")),
            "Köln": (15, ("Ehrenfeld", "Mülheim", "Nippes")),
        },
        _words(
            "Jürgen Sabine Björn Anja Günther Katrin Mehmet Lena Wolfgang Ayşe Stefan Jana Uwe Monika Lukas Käthe "
            "Florian Petra Jörg Silke"
        ),
        _words(
            "Müller Schmidt Schröder Weiß Fischer Köhler Becker Yilmaz Wagner Schäfer Hoffmann Bauer Krüger Lange "
            "Vogel Jäger Groß Neumann"
        ),
        "49",
    ),
    "US": Country(
        "US",
        "the States",
        {
            "Texas": (35, ("Austin", "Houston", "Plano", "El Paso")),
            "Georgia": (25, ("Atlanta", "Savannah", "Marietta")),
            "Ohio": (20, ("Columbus", "Dayton", "Akron")),
            "Florida": (20, ("Tampa", "Miami", "Orlando")),
        },
        _words(
            "Jennifer Michael Ashley José María Brandon Keisha Tyler Nicole Hector Emily Jamal Brittany Wyatt Renée "
            "Carlos Megan Ethan Latoya Scott"
        ),
        _words(
            "Johnson Williams García Martinez Brown Davis Nguyen Miller Robinson Núñez Carter Hernandez Lopez Young "
            "King Scott Peterson Brooks Reed"
        ),
        "1",
    ),
}

REGION_COUNTRY = {region: country for country in COUNTRIES.values() for region in country.regions}

_AREA_CODES = ("212", "305", "312", "404", "415", "512", "614", "713", "813", "912", "937", "972")
_MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
DEVICES = (
    "Galaxy S21", "iPhone 12", "iPhone SE", "Redmi Note 11", "Tecno Spark 8", "Pixel 6", "Infinix Hot 12", "Moto G",
    "Nokia 3310", "Huawei P30", "itel A56", "Fairphone 4", "Galaxy A14", "Oppo A57",
)  # fmt: skip
PRODUCTS = {
    "NG": ("Prepaid", "Night Bundle", "MiFi 30", "Postpaid Flex"),
    "GB": ("Pay as you go", "SIM Only 20", "Fibre 80", "Family Plan"),
    "DE": ("Prepaid", "Allnet Flat", "Glasfaser 250", "Business M"),
    "US": ("Prepaid", "Unlimited", "Home Net 100", "Family Plan"),
}


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
        towns=country.regions[region][1],
        first_name=first,
        last_name=last,
        handle=account.replace(".", "")[-15:],
        email=f"{account}@{pick(_MAIL_DOMAINS, random)}",
        phone=phone_number(country.code, random),
        product=pick(PRODUCTS[country.code], random),
        device=pick(DEVICES, random),
    )


def phone_number(country: str, random: Random) -> str:
    """Return a random mobile number (US: any number) of ``country`` as international digits."""
    if country == "NG":
        return "234" + pick(("803", "806", "703", "810", "816", "905", "701", "802"), random) + digits(7, random)
    if country == "GB":
        return "44" + pick(("7400", "7412", "7503", "7415", "7588", "7972"), random) + digits(6, random)
    if country == "DE":
        return "49" + pick(("1511", "1512", "1525", "1577", "1590", "1633"), random) + digits(7, random)
    return "1" + pick(_AREA_CODES, random) + pick(("555", "234", "738", "862"), random) + digits(4, random)


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
