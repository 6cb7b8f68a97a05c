"""Volume: whether a source brings as many records on a day as it usually does on such a weekday.

Level, weekday and scatter are medians of logarithms, so that an outage, a holiday or a lost day among the days
before moves none of them much. Weekday effects are taken after removing the week's mean, as in the classical
decomposition of time series (Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition,
section 3.4), with medians in place of means.

A count is judged by the negative binomial distribution about what is expected: by chance (Poisson), by how much
days differ beyond chance, and by how little of the level and the weekday is known. So the same rule holds of three
records a day and of a million.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from complaints_platform.quality.assessments import Assessment, Point

WINDOW = timedelta(days=56)
"""How far a day looks back: each weekday eight times."""
FEWEST_DAYS = 14
"""With fewer days before, each weekday was seen less than twice, and nothing is said."""
WEEK = 7
LEVEL_DAYS = 28
"""The newest days: they say how high the level is, and how far days lie apart."""
FALSE_ALARMS = 1e-4
"""On each side: of days that are as usual, one in ten thousand lies below the bounds and one above."""
LEAST_SCATTER = 0.05**2
"""Squared: even of sources whose days seemed to differ by chance alone, expect 5 % more."""
SMALLEST_FACTOR = 1.5
"""A day with two thirds of its usual records or more, or up to half as many again, is never remarked on."""
VARIANCE_OF_MEDIAN = 1.2
"""Of a median of four values, in variances of their mean (of two it is 1, of very many 1.57)."""
MEAN_OVER_MEDIAN = 1 / 3
"""The mean of a Poisson distribution less its median, nearly whatever the mean (Choi 1994)."""
MAD_TO_DEVIATION = 1.4826
"""A normal distribution's standard deviation in median absolute deviations."""
NEXT_STEP = (
    "Ask the sender whether files are missing, were sent twice, or people really complained so much; compare "
    "complaints status and mart/reconciliation of the day."
)

Floats = npt.NDArray[np.float64]


def judge_volume(
    source: str,
    counts: Mapping[date, int],
    judged: Collection[date],
    reported: Sequence[date],
    holidays: Collection[date] = (),
) -> Assessment:
    """Judge how many records came.

    Args:
        source: whose.
        counts: day → records, of all days known; a day on which nothing came is 0, one not known is absent.
        judged: days to judge; those that are not over yet must not be among them.
        reported: days of the assessment's ``points``, judged or not; the days before make its history.
        holidays: days that are like no weekday: they are not judged, and no other day by them.
    """
    known = sorted(counts)
    usual = [day for day in known if day not in holidays]
    points = {
        day: _point(day, counts, usual) if day in judged and day not in holidays else Point(day, counts[day])
        for day in known
    }
    first = min(reported, default=None)
    history = [] if first is None else [points[day] for day in known if first - WINDOW <= day < first]
    return Assessment(source, "volume", history, [points[day] for day in sorted(reported) if day in points], NEXT_STEP)


def _point(day: date, counts: Mapping[date, int], known: Sequence[date]) -> Point:
    window = [each for each in known if day - WINDOW <= each < day]
    began = next((number for number, each in enumerate(window) if counts[each]), len(window))
    before = window[began:]
    if len(before) < FEWEST_DAYS:
        return Point(day, counts[day])
    logs = np.log1p(np.array([counts[each] for each in before], dtype=np.float64))
    weekdays = np.array([each.weekday() for each in before])
    seasonal = _seasonal(logs, weekdays)
    rest = (logs - seasonal[weekdays])[-LEVEL_DAYS:]
    level = float(np.median(rest))
    usual = max(float(np.expm1(level + seasonal[day.weekday()])), 0.0)
    mean = usual + MEAN_OVER_MEDIAN
    by_chance = float(np.median(np.exp(-level - seasonal[weekdays[-LEVEL_DAYS:]])))  # of logarithms of Poisson counts
    scatter = (MAD_TO_DEVIATION * float(np.median(np.abs(rest - level)))) ** 2 - by_chance
    scatter = max(scatter, LEAST_SCATTER)
    seen = np.array([len(rest), np.count_nonzero(weekdays == day.weekday())])
    unknown = VARIANCE_OF_MEDIAN * (scatter + 1 / mean) * float((1 / np.maximum(seen, 1)).sum())
    lower, upper = _bounds(mean, scatter + unknown)
    lower, upper = min(lower, usual / SMALLEST_FACTOR), max(upper, usual * SMALLEST_FACTOR)
    return Point(day, counts[day], round(usual, 1), float(np.ceil(lower)), float(np.floor(upper)))


def _bounds(mean: float, dispersion: float) -> tuple[float, float]:
    """Return the counts below and above which ``FALSE_ALARMS`` of a negative binomial distribution lie.

    Its variance is ``mean + dispersion * mean**2``; the mean is above 0.
    """
    from scipy.special import nbdtrik

    successes = 1 / dispersion
    probability = successes / (successes + mean)
    return (
        float(nbdtrik(FALSE_ALARMS, successes, probability)),
        float(nbdtrik(1 - FALSE_ALARMS, successes, probability)) + 1,
    )


def _seasonal(logs: Floats, weekdays: npt.NDArray[np.int64]) -> Floats:
    """Return by how much each weekday differs from the week around it, in logarithms."""
    weeks = np.convolve(logs, np.ones(WEEK) / WEEK, mode="valid")
    middle = np.clip(np.arange(len(logs)) - WEEK // 2, 0, len(weeks) - 1)
    apart = logs - weeks[middle]
    # The zero stands for a weekday like any other: with two weeks known, a single odd day decides nothing.
    return np.array([float(np.median([0.0, *apart[weekdays == weekday]])) for weekday in range(WEEK)])
