"""How many complaints come when, from where and about what: seasons, shares and the outage."""

from bisect import bisect
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from complaints_platform.generator.data import Volumes, load_data
from complaints_platform.generator.draws import cumulative, pick
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.people import COUNTRIES
from complaints_platform.generator.writing import TOPICS

_VOLUMES = load_data("volumes.yaml", Volumes)
SOURCES = tuple(_VOLUMES.sources)
_SOURCE_SHARES = cumulative([volume.share for volume in _VOLUMES.sources.values()])
_HOUR_LIMITS = {source: cumulative(volume.hours) for source, volume in _VOLUMES.sources.items()}
_CATEGORIES = tuple(_VOLUMES.categories)
_CATEGORY_LIMITS = cumulative(list(_VOLUMES.categories.values()))
_SUBCATEGORIES = {category: tuple(topic for topic in TOPICS if topic[0] == category) for category in _CATEGORIES}
_REGIONS = {
    source: tuple(region for code in volume.countries for region in COUNTRIES[code].regions)
    for source, volume in _VOLUMES.sources.items()
}
_REGION_LIMITS = {
    source: cumulative(
        [
            share * region.weight
            for code, share in volume.countries.items()
            for region in COUNTRIES[code].regions.values()
        ]
    )
    for source, volume in _VOLUMES.sources.items()
}

OUTAGE = _VOLUMES.outage


@dataclass(frozen=True)
class Outage:
    """A regional outage: that day brings ``extra`` more complaints of its region about ``topic``."""

    day: date
    region: str
    topic: tuple[str, str]
    extra: int


def outage(options: GeneratorOptions) -> Outage:
    """Return the outage that ``options`` bring, if so many days are generated."""
    random = Random(f"{options.seed}/outage")  # noqa: S311 - reproducible draws, nothing secret
    region = pick(OUTAGE.regions, random.random)
    extra = max(OUTAGE.minimum, round(OUTAGE.factor * _usual(region, OUTAGE.topic[0]) * options.per_day))
    return Outage(options.first_day + timedelta(days=OUTAGE.day), region, OUTAGE.topic, extra)


def draw_count(source: str, day: date, per_day: int, random: Random) -> int:
    """Draw how many complaints ``source`` brings on ``day``: Poisson by its normal approximation."""
    weekday = _VOLUMES.sources[source].weekdays[day.weekday()]
    expected = per_day * _share_of(_SOURCE_SHARES, SOURCES.index(source)) * weekday
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
