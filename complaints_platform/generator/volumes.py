"""How many complaints come when, from where and about what: seasons, shares and the outage."""

from bisect import bisect
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from complaints_platform.generator.draws import cumulative
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.people import COUNTRIES
from complaints_platform.generator.writing import TOPICS

SOURCES = ("social_media", "sms", "web_forms", "call_centre")
_SOURCE_SHARES = cumulative([30, 25, 25, 20])

_COUNTRY_SHARES = {
    "social_media": {"NG": 40, "GB": 30, "US": 18, "DE": 12},
    "sms": {"NG": 75, "GB": 10, "US": 10, "DE": 5},
    "web_forms": {"NG": 20, "GB": 35, "US": 20, "DE": 25},
    "call_centre": {"NG": 10, "GB": 35, "US": 5, "DE": 50},
}

_CATEGORY_SHARES = {
    "network_data": 17,
    "network_voice": 14,
    "billing_charges": 14,
    "customer_service": 9,
    "recharge_payment": 9,
    "data_depletion": 7,
    "porting_contract": 6,
    "vas_unsolicited": 6,
    "device_install": 5,
    "sim_identity": 5,
    "other_review": 4,
    "messaging": 3,
    "complaint_handling": 3,
    "privacy_security": 2,
}

_WEEKDAYS = {
    "social_media": (1.05, 1.0, 1.0, 1.0, 1.05, 0.95, 0.95),
    "sms": (1.15, 1.05, 1.0, 1.0, 1.05, 0.9, 0.85),
    "web_forms": (1.25, 1.15, 1.1, 1.05, 1.0, 0.75, 0.7),
    "call_centre": (1.45, 1.25, 1.15, 1.1, 1.05, 0.65, 0.35),
}
"""Monday to Sunday, against the average day."""

_HOURS = {
    "social_media": (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 7, 8, 7, 7, 7, 8, 9, 10, 11, 11, 9, 7, 5),
    "sms": (2, 1, 1, 1, 2, 4, 7, 9, 10, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 8, 7, 5, 4, 3),
    "web_forms": (1, 1, 0, 0, 1, 2, 4, 7, 9, 9, 9, 8, 7, 7, 7, 6, 6, 7, 9, 10, 10, 8, 5, 3),
    "call_centre": (1, 1, 1, 1, 1, 3, 9, 14, 16, 15, 14, 12, 12, 13, 12, 11, 9, 7, 5, 3, 1, 1, 1, 1),
}
"""Weights of the hours of a day (UTC)."""

_SOURCE_BY_NAME = {name: index for index, name in enumerate(SOURCES)}
_HOUR_LIMITS = {source: cumulative(list(weights)) for source, weights in _HOURS.items()}
_CATEGORIES = tuple(_CATEGORY_SHARES)
_CATEGORY_LIMITS = cumulative(list(_CATEGORY_SHARES.values()))
_SUBCATEGORIES = {category: tuple(topic for topic in TOPICS if topic[0] == category) for category in _CATEGORY_SHARES}
_REGIONS = {
    source: tuple(region for code in shares for region in COUNTRIES[code].regions)
    for source, shares in _COUNTRY_SHARES.items()
}
_REGION_SHARES = {
    source: [share * weight for code, share in shares.items() for weight, _towns in COUNTRIES[code].regions.values()]
    for source, shares in _COUNTRY_SHARES.items()
}
_REGION_LIMITS = {source: cumulative(shares) for source, shares in _REGION_SHARES.items()}

OUTAGE_DAY = 9
"""Index of the day of the outage: the tenth, so that a week of usual days comes before it."""
OUTAGE_TOPIC = ("network_data", "data_outage")
OUTAGE_REGIONS = ("Lagos", "London")
OUTAGE_HOURS = (8, 16)
"""First hour of the outage and the hour after its last (UTC)."""
_OUTAGE_FACTOR = 6
_OUTAGE_MINIMUM = 25


@dataclass(frozen=True)
class Outage:
    """A regional outage: that day brings ``extra`` more complaints of its region about ``topic``."""

    day: date
    region: str
    topic: tuple[str, str]
    extra: int


def outage(options: GeneratorOptions) -> Outage:
    """Return the outage that ``options`` bring, on day ``OUTAGE_DAY`` if so many days are generated."""
    region = OUTAGE_REGIONS[int(_random_of(options).random() * len(OUTAGE_REGIONS))]
    extra = max(_OUTAGE_MINIMUM, round(_OUTAGE_FACTOR * _usual(region, OUTAGE_TOPIC[0]) * options.per_day))
    return Outage(options.first_day + timedelta(days=OUTAGE_DAY), region, OUTAGE_TOPIC, extra)


def _random_of(options: GeneratorOptions) -> Random:
    return Random(f"{options.seed}/outage")  # noqa: S311 - reproducible draws, nothing secret


def draw_count(source: str, day: date, per_day: int, random: Random) -> int:
    """Draw how many complaints ``source`` brings on ``day``: Poisson by its normal approximation."""
    expected = per_day * _share_of(_SOURCE_SHARES, _SOURCE_BY_NAME[source]) * _WEEKDAYS[source][day.weekday()]
    return max(0, round(random.gauss(expected, expected**0.5)))


def draw_hour(source: str, draw: float) -> int:
    """Return the hour of the day (UTC) that belongs to ``draw`` (0 to 1)."""
    return bisect(_HOUR_LIMITS[source], draw)


def draw_region(source: str, draw: float) -> str:
    """Return the region that belongs to ``draw`` (0 to 1)."""
    return _REGIONS[source][bisect(_REGION_LIMITS[source], draw)]


def draw_topic(random: Random) -> tuple[str, str]:
    """Draw a category and one of its subcategories."""
    topics = _SUBCATEGORIES[_CATEGORIES[bisect(_CATEGORY_LIMITS, random.random())]]
    return topics[int(random.random() * len(topics))]


def draw_source(random: Random) -> str:
    """Draw a source by its share."""
    return SOURCES[bisect(_SOURCE_SHARES, random.random())]


def _share_of(limits: list[float], index: int) -> float:
    return limits[index] - (limits[index - 1] if index else 0.0)


def _usual(region: str, category: str) -> float:
    """Return the share of all complaints that ``region`` brings about ``category``."""
    by_region = sum(
        _share_of(_SOURCE_SHARES, index) * _share_of(_REGION_LIMITS[source], _REGIONS[source].index(region))
        for index, source in enumerate(SOURCES)
    )
    return by_region * _share_of(_CATEGORY_LIMITS, _CATEGORIES.index(category))
