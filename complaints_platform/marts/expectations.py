"""What was to be expected of every hour, and how improbable what came is: the baseline behind incidents.

Complaints are counted by hour in *series*: all of them; by region, category, channel; by region and category; by
category and channel. What is expected of a series in an hour of a day is learnt from the ``HISTORY_DAYS`` before
that day alone, and from nothing that was computed before:

- a weekly profile (168 hours), each series shrunk towards that of what it is a part of, as far as it is too small to
  tell its own (conjugate gamma-Poisson shrinkage);
- a level that follows the last days, from counts that are cut where they are outliers themselves, and that forgets a
  quiet holiday week at once;
- a monthly season (bills), if the same days of *both* months before stood out, so that one outage makes no season;
- an over-dispersion for each series and length of window, from how wrong such expectations have been lately
  (method of moments, shrunk towards all series of its kind), for negative-binomial tails: Noufaily et al. (2013),
  "An improved algorithm for outbreak detection in multiple surveillance systems", Stat. Med. 32, has the outline.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from complaints_platform.schemas import NO_VALUE

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

HOURS = 24
WEEKDAYS = 7
HISTORY_DAYS = 70
"""Ten weeks: every hour of the week ten times, and two monthly cycles."""

WINDOWS = (1, 3, 8, 24)
"""Lengths (hours) over which counts are summed: a large outage shows in an hour, a small series needs longer."""

ALL = -1

_TYPE_OF_DAY = np.array([0, 0, 0, 0, 0, 1, 2])
"""Monday to Friday, Saturday, Sunday."""
_PROFILE_PRECISION = 1 / 0.12**2
"""How well a profile is known by that of what it is a part of: to about 12%."""
_MEDIAN_FROM = 20
"""Complaints a day from which the median is a measure of the level of a series."""
_SHORT_HALF_LIFE, _LONG_HALF_LIFE = 3.0, 14.0
_LARGE = 200.0
"""Complaints in four days from which a series mostly follows its last days instead of its last weeks."""
_MONTH_DAYS = 28
_RESIDUAL_DAYS = 42
_DISPERSION_PRECISION = 2500.0
"""Of the over-dispersion of a kind of series as a guess of one series': 0.02 (as a standard deviation)."""
_DISPERSION_MARGIN = 1.3
_LEAST_DISPERSION, _MOST_DISPERSION = 0.02, 1.0
_CUT_DISPERSION = 0.03
_SEASON_FROM, _SEASON_TO = 1.1, 5.0
"""Rises of a monthly season below are noise, and above are cut."""
_SEASON_MARGIN = 1.25
"""The lesser of two noisy rises is less than the rise that comes."""
_LOCAL_DAYS = 10


@dataclass(frozen=True)
class Series:
    """Which complaints each column of a grid counts.

    By name, the regions, categories and channels; of each series its index among them (``[series]``), or ``ALL``.
    """

    regions: tuple[str, ...]
    categories: tuple[str, ...]
    channels: tuple[str, ...]
    region: Numbers
    category: Numbers
    channel: Numbers

    @classmethod
    def of(cls, regions: Sequence[str], categories: Sequence[str], channels: Sequence[str]) -> "Series":
        """Return all series over some regions, categories and channels, in a fixed order."""
        rows = [(ALL, ALL, ALL)]
        rows += [(region, ALL, ALL) for region in range(len(regions))]
        rows += [(ALL, category, ALL) for category in range(len(categories))]
        rows += [(ALL, ALL, channel) for channel in range(len(channels))]
        rows += [(region, category, ALL) for region in range(len(regions)) for category in range(len(categories))]
        rows += [(ALL, category, channel) for category in range(len(categories)) for channel in range(len(channels))]
        table = np.array(rows, dtype=np.int64)
        return cls(tuple(regions), tuple(categories), tuple(channels), table[:, 0], table[:, 1], table[:, 2])

    def __len__(self) -> int:
        return len(self.region)

    @property
    def cells(self) -> slice:
        """The series by region and category: every complaint is in one of them."""
        start = 1 + len(self.regions) + len(self.categories) + len(self.channels)
        return slice(start, start + len(self.regions) * len(self.categories))

    @property
    def marginals(self) -> slice:
        """The series that others are parts of: all; by region, by category, by channel."""
        return slice(0, 1 + len(self.regions) + len(self.categories) + len(self.channels))

    @property
    def kinds(self) -> Numbers:
        """Number of the kind of each series: which of region, category and channel are fixed."""
        fixed = np.stack([self.region != ALL, self.category != ALL, self.channel != ALL])
        return np.array([1, 2, 4]) @ fixed.astype(np.int64)

    def counts(self, detail: npt.NDArray[Any]) -> Floats:
        """Return the counts of all series (``[…, series]``) from those by region, category and channel."""
        cells = detail.sum(-1)
        by_channel = detail.sum(-3)
        lead = detail.shape[:-3]
        parts = [
            cells.sum((-1, -2))[..., None],
            cells.sum(-1),
            cells.sum(-2),
            by_channel.sum(-2),
            cells.reshape(*lead, -1),
            by_channel.reshape(*lead, -1),
        ]
        return np.concatenate(parts, axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Grid:
    """Counts of all series over consecutive days.

    Attributes:
        first_day: first of the days (UTC).
        series: what is counted.
        counts: complaints, ``[days, 24, series]``.
        present: which days have data, ``[days]``.
        versions: by which model and taxonomy each day was categorised, as a number, ``[days]``.
    """

    first_day: date
    series: Series
    counts: Floats
    present: Flags
    versions: Numbers

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.present)

    def index(self, day: date) -> int:
        """Return the number of a day."""
        return (day - self.first_day).days


def grid_of(hourly: pl.DataFrame, first: date, last: date) -> Grid:
    """Return the counts of ``HourlyComplaints`` rows of the days from ``first`` to ``last`` as a grid."""
    rows = hourly.filter(pl.col("day").is_between(first, last)).with_columns(pl.col("region").fill_null(NO_VALUE))
    names = [rows[column].unique().sort().to_list() for column in ("region", "category", "channel")]
    series = Series.of(*names)
    days = (last - first).days + 1
    hour = (rows["day"] - first).dt.total_days().to_numpy() * HOURS + rows["hour_at"].dt.hour().to_numpy()
    places = [
        rows[column].replace_strict(known, range(len(known)), return_dtype=pl.Int64).to_numpy()
        for column, known in zip(("region", "category", "channel"), names, strict=True)
    ]
    detail = np.zeros((days * HOURS, *map(len, names)), dtype=np.float32)
    np.add.at(detail, (hour, *places), rows["complaints"].to_numpy())
    by_day = rows.group_by("day").agg(version=pl.concat_str("model_version", "taxonomy_version", separator="/").max())
    numbers = {version: number for number, version in enumerate(sorted(by_day["version"].to_list()))}
    versions, present = np.full(days, -1, dtype=np.int64), np.zeros(days, dtype=np.bool_)
    for day, version in by_day.iter_rows():
        versions[(day - first).days], present[(day - first).days] = numbers[version], True
    counts = series.counts(detail).reshape(days, HOURS, len(series))
    return Grid(first, series, counts, present, versions)


@dataclass(frozen=True)
class Scores:
    """What was expected of each hour of some consecutive days of a grid.

    Attributes:
        first: number of the first of the days in the grid.
        expected: complaints expected, ``[days, 24, series]``.
        dispersion: variance beyond Poisson's, relative to the squared expectation, ``[days, windows, series]``.
        history: days that the expectation was learnt from, ``[days, series]``.
    """

    first: int
    expected: Floats
    dispersion: Floats
    history: Numbers


def score(grid: Grid, first: int, last: int) -> Scores:
    """Say what was to be expected of each hour of the days ``first`` to ``last`` (numbers of days of the grid)."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Small matrices: threads of a linear-algebra library would wait for each other longer than they work.
    with threadpool_limits(1, "blas"):
        baselines = [_expect(grid, day) for day in range(first, last + 1)]
    expected, dispersion, history = (np.stack(parts) for parts in zip(*baselines, strict=True))
    return Scores(first, expected, dispersion, history)


def tail(count: npt.NDArray[Any], expected: npt.NDArray[Any], dispersion: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the negative-binomial probability of ``count`` (1 or more) complaints or more; arrays of one shape."""
    from scipy.special import betainc

    mean = np.maximum(expected.astype(np.float64), 1e-9)
    tails: npt.NDArray[np.float64] = betainc(
        count.astype(np.float64), 1 / dispersion.astype(np.float64), mean * dispersion / (1 + mean * dispersion)
    )
    return tails


def _expect(grid: Grid, day: int) -> tuple[Floats, Floats, Numbers]:
    """Return expectations (``[24, series]``), dispersions (``[windows, series]``), days of history (``[series]``)."""
    series = grid.series
    start = max(0, day - HISTORY_DAYS)
    dates = [grid.first_day + timedelta(days=number) for number in range(start, day)]
    target = grid.first_day + timedelta(days=day)
    counts, present = grid.counts[start:day], grid.present[start:day]
    alike = grid.versions[start:day] == grid.versions[day]
    # Categories that another model gave are no measure for those of this one.
    used = np.where(series.category[None] == ALL, present[:, None], (present & alike)[:, None]).astype(np.float32)
    # What has no complaint in the window is not tested: what other days of the same run hold must not matter.
    seen = grid.counts[start : day + 1].any(axis=(0, 1))
    history = np.where(seen, used.sum(0), 0).astype(np.int64)
    if not used.any():
        nothing = np.zeros((HOURS, len(series)), dtype=np.float32)
        return nothing, np.full((len(WINDOWS), len(series)), _MOST_DISPERSION, np.float32), history
    counts = counts * used[:, None] if not (present & alike).all() else counts
    weekday = np.array([each.weekday() for each in dates])
    past = _Past(series, counts, used, weekday)
    profile = past.profile(counts)
    profile = past.profile(past.cut(counts, profile))
    cut = past.cut(counts, profile)
    levels = past.levels(cut, profile)
    season = past.season(counts, profile, dates, target)
    expected = levels[-1] * profile[target.weekday()] * season
    return expected, past.dispersion(counts, profile, levels), history


class _Past:
    """The days that an expectation is learnt from."""

    def __init__(self, series: Series, counts: Floats, used: Floats, weekday: Numbers) -> None:
        self._series = series
        self._days = len(counts)
        self._used = used
        self._weekday = weekday
        self._is_weekday = (weekday[None] == np.arange(WEEKDAYS)[:, None]).astype(np.float32)
        self._times = self._is_weekday @ used  # how often each weekday was seen, by series
        age = np.arange(self._days + 1)[:, None] - np.arange(self._days)[None]  # of each day, seen from each later one
        self._age = np.where(age > 0, age, np.inf).astype(np.float32)

    def profile(self, counts: Floats) -> Floats:
        """Return the weekly profile of each series, 1 on average (``[7, 24, series]``)."""
        series = self._series
        sums = (self._is_weekday @ counts.reshape(self._days, -1)).reshape(WEEKDAYS, HOURS, -1)
        whole = series.marginals
        profile = np.empty_like(sums)
        profile[..., whole] = self._own_profile(sums[..., whole], self._times[:, whole])
        total, regions = profile[..., 0], 1
        categories, channels = regions + len(series.regions), regions + len(series.regions) + len(series.categories)
        parts = slice(whole.stop, None)
        region, category, channel = series.region[parts], series.category[parts], series.channel[parts]
        other = np.where(region != ALL, regions + region, channels + channel)
        prior = profile[..., categories + category] * profile[..., other] / np.maximum(total, 1e-3)[..., None]
        prior /= prior.mean((0, 1))
        profile[..., parts] = _shrunk(sums[..., parts], self._times[:, parts], prior)
        return np.asarray(profile)

    @staticmethod
    def _own_profile(sums: Floats, times: Floats) -> Floats:
        """Return the profile of large series: by hour, by type of day and hour, by weekday, by hour of the week."""
        rate = sums.sum((0, 1)) / np.maximum(times.sum(0), 1) / HOURS + 1e-6
        hours = (sums.sum(0) + 4) / (times.sum(0) + 4 / rate)
        by_type = np.empty_like(sums)
        weekdays = np.empty((WEEKDAYS, sums.shape[-1]), dtype=np.float32)
        for kind in range(_TYPE_OF_DAY.max() + 1):
            days = kind == _TYPE_OF_DAY
            weight = 11 / hours
            by_type[days] = (sums[days].sum(0) + weight * hours) / (times[days].sum(0) + weight)
            level = by_type[days].sum(1)
            weekdays[days] = (sums[days].sum(1) + 25) / (times[days] * level + 25)
        prior = by_type * weekdays[:, None]
        prior /= prior.mean((0, 1))
        return _shrunk(sums, times, prior)

    def _daily(self, counts: Floats, profile: Floats) -> Floats:
        """Return the level of each day: complaints in an average hour of the week (``[days, series]``)."""
        return counts.sum(1) / np.maximum(profile[self._weekday].sum(1), 1e-3)  # type: ignore[no-any-return]

    def cut(self, counts: Floats, profile: Floats) -> Floats:
        """Return the counts without their outliers: none is far above what its series usually has."""
        daily = self._daily(counts, profile)
        middle = np.zeros(daily.shape[1], dtype=np.float32)
        for alike in (self._series.category == ALL, self._series.category != ALL):
            days = self._used[:, alike].any(1)  # days count for all series with a category, or without, alike
            if days.any():
                middle[alike] = np.median(daily[days][:, alike], axis=0)
        mean = daily.sum(0) / np.maximum(self._used.sum(0), 1)
        level = np.where(mean * HOURS > _MEDIAN_FROM, np.minimum(mean, 1.3 * middle), mean)
        usual = level * profile[self._weekday]
        most = usual + 3 * np.sqrt(usual + _CUT_DISPERSION * usual**2) + 1
        return np.minimum(counts, most)  # type: ignore[no-any-return]

    def levels(self, cut: Floats, profile: Floats) -> Floats:
        """Return the level that each day, and the one after them, is expected to have (``[days + 1, series]``)."""
        daily = self._daily(cut, profile) * self._used
        short = self._weighted(daily, 0.5 ** (self._age / _SHORT_HALF_LIFE))
        long = self._weighted(daily, 0.5 ** (self._age / _LONG_HALF_LIFE))
        month = self._weighted(daily, (self._age <= _MONTH_DAYS).astype(np.float32))
        recent = long * 4 * HOURS
        weight = recent / (recent + _LARGE)
        # After a quiet week (holidays) things go back to what they were: that is no rise.
        return np.maximum(weight * short + (1 - weight) * long, month)

    def _weighted(self, daily: Floats, weights: Floats) -> Floats:
        return weights @ daily / np.maximum(weights @ self._used, 1e-6)  # type: ignore[no-any-return]

    def season(self, counts: Floats, profile: Floats, dates: Sequence[date], target: date) -> Floats:
        """Return by how much the days of the month like ``target`` stood out in the months before (``[series]``)."""
        series = self._series
        whole = series.marginals
        daily = self._daily(counts[..., whole], profile[..., whole])
        index = {day: number for number, day in enumerate(dates)}
        rises = []
        for back in (1, 2):
            alike = [index[day] for day in _alike(target, back) if day in index and self._used[index[day], 0]]
            if len(alike) > 1:
                rises.append(np.max([self._standing_out(daily, day) for day in alike], axis=0))
        # In both of them: an outage in one of the months makes no season.
        rise = np.min(rises, axis=0) if rises else np.ones(daily.shape[1])
        rise = np.where(rise >= _SEASON_FROM, np.minimum(1 + _SEASON_MARGIN * (rise - 1), _SEASON_TO), 1)
        categories = slice(1 + len(series.regions), 1 + len(series.regions) + len(series.categories))
        sizes = daily[:, categories].mean(0)
        mixed = float((sizes * rise[categories]).sum() / max(sizes.sum(), 1e-6))
        rise = np.where(series.category[whole] == ALL, np.maximum(rise, mixed), rise)
        season = np.ones(len(series), dtype=np.float32)
        season[whole] = rise
        parts = slice(whole.stop, None)
        season[parts] = rise[categories][series.category[parts]]
        return season

    def _standing_out(self, daily: Floats, day: int) -> Floats:
        """Return how each large series' day compares with the days around it, if all was quiet with all others."""
        near = slice(max(0, day - _LOCAL_DAYS), day + _LOCAL_DAYS + 1)
        around = np.maximum(np.median(daily[near][self._used[near, 0] > 0], axis=0), 0.02)
        rises = np.maximum(daily[day] / around, 0.1)
        return rises / np.clip(rises[0], 0.3, 1)  # type: ignore[no-any-return]

    def dispersion(self, counts: Floats, profile: Floats, levels: Floats) -> Floats:
        """Return how much more than Poisson's the error of expectations varied lately (``[windows, series]``)."""
        first = max(min(14, self._days // 2), self._days - _RESIDUAL_DAYS)
        recent = slice(first, None)
        usual = levels[first:-1, None] * profile[self._weekday[recent]] * self._used[recent, None]
        found = counts[recent]
        kinds = self._series.kinds
        dispersions = []
        for window in WINDOWS:
            shape = (-1, HOURS // window, window, len(kinds))
            expected, observed = usual.reshape(shape).sum(2), found.reshape(shape).sum(2)
            # Outliers are no part of how wrong expectations usually are, nor are holidays.
            usually = observed <= expected + 3 * np.sqrt(expected + _CUT_DISPERSION * expected**2) + 1
            error = np.where(usually, np.maximum(observed - expected, -(2 * np.sqrt(expected) + 0.1 * expected)), 0)
            excess = np.where(usually, error**2 - expected, 0).sum((0, 1))
            scale = np.where(usually, expected**2, 0).sum((0, 1))
            by_kind = np.bincount(kinds, excess) / np.maximum(np.bincount(kinds, scale), 1e-6)
            prior = np.clip(by_kind, _LEAST_DISPERSION, _MOST_DISPERSION)[kinds]
            own = (excess / 2 + _DISPERSION_PRECISION * prior) / (scale / 2 + _DISPERSION_PRECISION)
            dispersions.append(np.clip(_DISPERSION_MARGIN * own, _LEAST_DISPERSION, _MOST_DISPERSION))
        return np.stack(dispersions).astype(np.float32)


def _shrunk(sums: Floats, times: Floats, prior: Floats) -> Floats:
    """Return the rates of the hours of the week, 1 on average, shrunk towards a prior profile (1 on average)."""
    # A weekday that was seen less often says less, and must not look quiet.
    rate = sums.sum((0, 1)) / np.maximum((times[:, None] * prior).sum((0, 1)), 1e-6) + 1e-6
    guess = np.maximum(prior * rate, 1e-6)
    weight = _PROFILE_PRECISION / guess
    rates = (sums + _PROFILE_PRECISION) / (times[:, None] + weight)
    return rates / rates.mean((0, 1))  # type: ignore[no-any-return]


def _alike(target: date, back: int) -> set[date]:
    """Return the days of an earlier month that stand in it as ``target`` stands in its own.

    The same day of the month and those beside it, the same working day of the month; late in the month also
    counted from its end.
    """
    month = target.month - 1 - back
    year, month = target.year + month // 12, month % 12 + 1
    length, own_length = calendar.monthrange(year, month)[1], calendar.monthrange(target.year, target.month)[1]
    places = [target.day] if target.day <= _FROM_THE_END else [target.day, target.day - own_length + length]
    days = {date(year, month, min(max(place, 1), length)) for place in places}
    near = {day + timedelta(days=shift) for day in days for shift in (-1, 0, 1)}
    working = sum(_works(target.replace(day=number)) for number in range(1, target.day + 1))
    same = [day for day in (date(year, month, number) for number in range(1, length + 1)) if _works(day)]
    return near | set(same[max(0, working - 1) : working])


_FROM_THE_END = 20
"""After this day of the month, places are counted from its end as well."""


def _works(day: date) -> bool:
    return day.weekday() < calendar.SATURDAY
