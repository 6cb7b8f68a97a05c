"""A year of complaint counts with outages in it, made without any of the detector's assumptions.

Levels wander from day to day (autocorrelated, for the whole company, each region, category and cell), counts are
gamma-Poisson by hour, regions live in different time zones and their sizes follow Zipf, holidays (of all or of one
region) are quiet and followed by a rebound, bills come on the first working day of the month, and the company grows.
Nobody is told which days are holidays. Only counts by hour, region, category and channel are made, no texts.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from complaints_platform.marts.expectations import HOURS, Grid, Series

Array = npt.NDArray[Any]

FIRST_DAY = date(2026, 1, 1)
WARM_UP = 84
"""Days before the year that is measured: what the platform would have seen by then."""
REGIONS = (
    "Lagos",
    "London",
    "Berlin",
    "Abuja",
    "Kano",
    "Manchester",
    "Hamburg",
    "Ibadan",
    "Texas",
    "Munich",
    "Leeds",
    "Enugu",
    "Ohio",
    "Florida",
    "Cologne",
    "Glasgow",
    "Benin",
    "Bristol",
    "Jos",
    "(none)",
)
CATEGORIES = (
    "network_data",
    "network_voice",
    "billing_charges",
    "customer_service",
    "recharge_payment",
    "data_depletion",
    "porting_contract",
    "vas_unsolicited",
    "device_install",
    "sim_identity",
    "other_review",
    "messaging",
    "complaint_handling",
    "privacy_security",
)
CHANNELS = ("call_centre", "sms", "social_media", "web_form")
_CATEGORY_SHARES = np.array([17, 14, 14, 9, 9, 7, 6, 6, 5, 5, 4, 3, 3, 2]) / 104
_UNKNOWN_REGION = 0.12
_BILLED = {"billing_charges": 2.4, "recharge_payment": 1.6, "data_depletion": 1.3}
_BILL_FADES = (1.0, 0.7, 0.35)
_DAYPARTS = {
    "call_centre": (1, 1, 1, 1, 1, 3, 9, 14, 16, 15, 14, 12, 12, 13, 12, 11, 9, 7, 5, 3, 1, 1, 1, 1),
    "sms": (2, 1, 1, 1, 2, 4, 7, 9, 10, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 8, 7, 5, 4, 3),
    "social_media": (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 7, 8, 7, 7, 7, 8, 9, 10, 11, 11, 9, 7, 5),
    "web_form": (1, 1, 0.5, 0.5, 1, 2, 4, 7, 9, 9, 9, 8, 7, 7, 7, 6, 6, 7, 9, 10, 10, 8, 5, 3),
}
_WEEK = {
    "call_centre": (1.45, 1.25, 1.15, 1.1, 1.05, 0.65, 0.35),
    "sms": (1.15, 1.05, 1.0, 1.0, 1.05, 0.9, 0.85),
    "social_media": (1.05, 1.0, 1.0, 1.0, 1.05, 0.95, 0.95),
    "web_form": (1.25, 1.15, 1.1, 1.05, 1.0, 0.75, 0.7),
}
_QUIET = {"01-01", *(f"12-{day}" for day in range(24, 32))}
_CHANNEL_SHARES = np.array([20, 25, 30, 25]) / 100

Scope = Literal["cell", "region", "category", "company"]
SCOPES: tuple[Scope, ...] = ("cell", "region", "category", "company")
FACTORS = (1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True)
class Outage:
    """What was injected: the complaints of ``cells`` came ``factor`` times as often for some hours.

    Attributes:
        start: number of its first hour, counted from the world's first day.
        hours: how long it lasted.
        factor: how often complaints came, against what would have been usual.
        scope: one region and category, a region, a category, or everything.
        cells: which regions and categories (``[regions, categories]``).
        usual: complaints that were to be expected of the cells in its first hour.
        usual_in_all: the same over all its hours.
    """

    start: int
    hours: int
    factor: float
    scope: Scope
    cells: npt.NDArray[np.bool_]
    usual: float
    usual_in_all: float


@dataclass(frozen=True)
class World:
    """The counts, and what was injected into them."""

    grid: Grid
    outages: tuple[Outage, ...]


def simulate(seed: int, days: int = 365, per_day: int = 27_000, every_days: float | None = 3.0) -> World:
    """Simulate ``WARM_UP`` and ``days`` days; outages come about ``every_days`` after the warm-up, None: never."""
    random = np.random.default_rng(seed)
    rates = _rates(random, WARM_UP + days, per_day)
    outages = _outages(random, rates, every_days)
    for outage in outages:
        hours = slice(outage.start, outage.start + outage.hours)
        rates[hours] *= np.where(outage.cells, outage.factor, 1.0)[None, :, :, None]
    series = Series.of(REGIONS, CATEGORIES, CHANNELS)
    cell_shape = 1 / random.uniform(0.01, 0.05, size=(1, len(REGIONS), len(CATEGORIES), 1))
    counts = np.concatenate(
        [
            series.counts(random.poisson(day * random.gamma(cell_shape, 1 / cell_shape, size=(*day.shape[:3], 1))))
            for day in np.split(rates, WARM_UP + days)
        ]
    )
    total = WARM_UP + days
    grid = Grid(
        FIRST_DAY,
        series,
        counts.reshape(total, HOURS, -1),
        np.ones(total, dtype=np.bool_),
        np.zeros(total, dtype=np.int64),
    )
    return World(grid, tuple(outages))


def _rates(random: np.random.Generator, days: int, per_day: int) -> Array:
    """Return the expected complaints of each hour (``[hours, regions, categories, channels]``)."""
    dates = [FIRST_DAY + timedelta(days=number) for number in range(days)]
    sizes = 1 / np.arange(1, len(REGIONS)) ** 1.0
    shares = np.append(sizes / sizes.sum() * (1 - _UNKNOWN_REGION), _UNKNOWN_REGION)
    cells = shares[:, None] * _CATEGORY_SHARES * random.lognormal(0, 0.25, (len(REGIONS), len(CATEGORIES)))
    mix = _CHANNEL_SHARES * random.lognormal(0, 0.2, (len(REGIONS), len(CATEGORIES), len(CHANNELS)))
    base = per_day * (cells / cells.sum())[..., None] * mix / mix.sum(-1, keepdims=True)

    zones = random.integers(-6, 2, len(REGIONS))
    parts = np.array([_DAYPARTS[channel] for channel in CHANNELS], dtype=float)
    parts /= parts.sum(1, keepdims=True)
    by_hour = np.stack([np.roll(parts, -zone, axis=1).T for zone in zones], axis=1)  # hours, regions, channels
    week = np.array([[_WEEK[channel][day.weekday()] for channel in CHANNELS] for day in dates])

    growth = np.exp(np.log(1.25) * np.arange(days) / 365)
    level = growth[:, None, None] * _wander(random, days, (1, 1), 0.05, 0.8)
    level = level * _wander(random, days, (len(REGIONS), 1), 0.07, 0.85)
    level = level * _wander(random, days, (1, len(CATEGORIES)), 0.07, 0.85)
    level = level * _wander(random, days, (len(REGIONS), len(CATEGORIES)), 0.08, 0.7)
    level *= _holidays(random, dates)[:, :, None] * _bills(random, dates)[:, None]
    rates = np.einsum("rkc,dc,drk,hrc->dhrkc", base, week, level, by_hour, optimize=True)
    return np.asarray(rates).reshape(days * HOURS, len(REGIONS), len(CATEGORIES), len(CHANNELS))


def _wander(random: np.random.Generator, days: int, shape: tuple[int, ...], spread: float, memory: float) -> Array:
    """Return levels around 1 that stay near what they were the day before: the logarithm is an AR(1) process."""
    steps = random.normal(0, spread * np.sqrt(1 - memory**2), (days, *shape))
    state = random.normal(0, spread, shape)
    levels = np.empty((days, *shape))
    for day in range(days):
        state = memory * state + steps[day]
        levels[day] = np.exp(state)
    return levels


def _holidays(random: np.random.Generator, dates: list[date]) -> Array:
    """Return by how much holidays change each region's days: quiet, and a rebound after."""
    effect = np.ones((len(dates), len(REGIONS)))
    quiet = [number for number, day in enumerate(dates) if f"{day:%m-%d}" in _QUIET]
    effect[quiet] *= random.uniform(0.45, 0.65)
    for number in random.choice(len(dates) - 2, size=len(dates) // 30, replace=False):
        where = random.random(len(REGIONS)) < random.choice([0.3, 1.0])
        effect[number, where] *= random.uniform(0.4, 0.7)
        effect[number + 1, where] *= random.uniform(1.0, 1.3)
    return effect


def _bills(random: np.random.Generator, dates: list[date]) -> Array:
    """Return by how much bills raise each category on the first working days of a month."""
    effect = np.ones((len(dates), len(CATEGORIES)))
    for number, day in enumerate(dates):
        run = day.replace(day=1)
        while run.weekday() >= calendar.SATURDAY:
            run += timedelta(days=1)
        since = (day - run).days
        if 0 <= since < len(_BILL_FADES):
            for category, factor in _BILLED.items():
                rise = (factor - 1) * _BILL_FADES[since] * random.uniform(0.85, 1.15)
                effect[number, CATEGORIES.index(category)] = 1 + rise
    return effect


def _outages(random: np.random.Generator, rates: Array, every_days: float | None) -> list[Outage]:
    """Draw outages of all sizes and scopes, at any hour, at least a day apart."""
    if every_days is None:
        return []
    usual = rates.sum(-1)
    found: list[Outage] = []
    hour = float(WARM_UP * HOURS)
    while True:
        hour += HOURS * (1 + random.exponential(every_days - 1))
        start, length = int(hour), int(random.integers(1, 13))
        if start + length >= len(usual):
            return found
        scope = SCOPES[int(random.integers(len(SCOPES)))]
        region, category = _drawn(random, usual.sum((0, 2))), _drawn(random, usual.sum((0, 1)))
        cells = np.zeros(usual.shape[1:], dtype=np.bool_)
        cells[
            region if scope in {"cell", "region"} else slice(None),
            category if scope in {"cell", "category"} else slice(None),
        ] = True
        hours = usual[start : start + length, cells].sum(-1)
        factor = float(FACTORS[int(random.integers(len(FACTORS)))])
        found.append(Outage(start, length, factor, scope, cells, float(hours[0]), float(hours.sum())))
        hour += length


def _drawn(random: np.random.Generator, sizes: Array) -> int:
    """Draw one by the square root of its size: large and small ones are both common."""
    weights = np.sqrt(sizes)
    return int(random.choice(len(sizes), p=weights / weights.sum()))
