"""Volume: whether a source brings as many records on a day as it usually does on such a weekday.

Level, weekday and scatter are medians of logarithms, so that an outage, a holiday or a lost day among the days
before moves none of them much. Weekday effects are taken after removing the week's mean, as in the classical
decomposition of time series (Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition,
section 3.4), with medians in place of means.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from complaints_platform.quality.verdicts import Point, Verdict

WINDOW = timedelta(days=56)
"""How far a day looks back: each weekday eight times."""
FEWEST_DAYS = 14
"""With fewer days before, each weekday was seen less than twice, and nothing is said."""
WEEK = 7
DEVIATIONS = 4.0
"""Bounds in standard deviations: of days that are as usual, fewer than one in ten thousand lies outside."""
SMALLEST_FACTOR = 1.5
"""A day with two thirds of its usual records or more, or up to half as many again, is never remarked on."""
FEWEST_BY_CHANCE = 2.25
"""Four and a half standard deviations of the square root of a count, which is half whatever the count (Anscombe 1948):
logarithms of a few records vary too much downwards."""
MAD_TO_DEVIATION = 1.4826
"""A normal distribution's standard deviation in median absolute deviations."""
NEXT_STEP = (
    "Ask the sender whether files are missing, were sent twice, or people really complained so much; compare "
    "complaints status and mart/reconciliation of the day."
)

Floats = npt.NDArray[np.float64]


def judge_volume(source: str, counts: Mapping[date, int], judged: Collection[date], shown: Sequence[date]) -> Verdict:
    """Judge how many records came.

    Args:
        source: whose.
        counts: day → records, of all days known; a day on which nothing came is 0, one not known is absent.
        judged: days to judge; those that are not over yet must not be among them.
        shown: days of the verdict's ``points``, judged or not; the days before make its history.
    """
    known = sorted(counts)
    points = {day: _point(day, counts, known) if day in judged else Point(day, counts[day]) for day in known}
    first = min(shown, default=None)
    history = [] if first is None else [points[day] for day in known if first - WINDOW <= day < first]
    return Verdict(source, "volume", history, [points[day] for day in sorted(shown) if day in points], NEXT_STEP)


def _point(day: date, counts: Mapping[date, int], known: Sequence[date]) -> Point:
    window = [each for each in known if day - WINDOW <= each < day]
    began = next((number for number, each in enumerate(window) if counts[each]), len(window))
    before = window[began:]
    if len(before) < FEWEST_DAYS:
        return Point(day, counts[day])
    logs = np.log1p(np.array([counts[each] for each in before], dtype=np.float64))
    weekdays = np.array([each.weekday() for each in before])
    seasonal = _seasonal(logs, weekdays)
    rest = logs - seasonal[weekdays]
    level = float(np.median(rest[-4 * WEEK :]))
    scatter = MAD_TO_DEVIATION * float(np.median(np.abs(rest[-4 * WEEK :] - level)))
    expected = level + float(seasonal[day.weekday()])
    deviation = (scatter**2 + np.exp(-expected)) ** 0.5  # the second is the scatter of counts by chance (Poisson)
    bound = max(DEVIATIONS * deviation, float(np.log(SMALLEST_FACTOR)))
    lower, usual, upper = (float(np.expm1(expected + shift)) for shift in (-bound, 0, bound))
    lower = min(lower, max(0.0, max(usual, 0.0) ** 0.5 - FEWEST_BY_CHANCE) ** 2)
    return Point(day, counts[day], round(usual, 1), round(max(lower, 0.0), 1), round(upper, 1))


def _seasonal(logs: Floats, weekdays: npt.NDArray[np.int64]) -> Floats:
    """Return by how much each weekday differs from the week around it, in logarithms."""
    weeks = np.convolve(logs, np.ones(WEEK) / WEEK, mode="valid")
    middle = np.clip(np.arange(len(logs)) - WEEK // 2, 0, len(weeks) - 1)
    apart = logs - weeks[middle]
    # The zero stands for a weekday like any other: with two weeks known, a single odd day decides nothing.
    return np.array([float(np.median([0.0, *apart[weekdays == weekday]])) for weekday in range(WEEK)])
