"""Rates: whether the records of a source are made as they usually are.

A change of its sender (another export, another character set, a field that is gone, files that come late) shows
as a share that jumps. Each share is compared with the median of the days before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from complaints_platform.quality.assessments import Assessment, Point

WINDOW_DAYS = 28
FEWEST_DAYS = 7
"""Days with records before; with fewer nothing is said."""
FEWEST_RECORDS = 10
"""A share of fewer records says nothing."""
DEVIATIONS = 5.0
MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class Rate:
    """A share of a source's records of a day."""

    column: str
    """Of the profile: the records counted."""
    smallest_rise: float
    """A rise of less does not matter even if it is certain."""
    next_step: str


_FIELD = "Ask the sender whether the export has changed; if the field has a new name, change the contract and replay."

RATES = {
    "duplicates": Rate("duplicates", 0.1, "Ask the sender whether it delivers again what it had delivered."),
    "repaired texts": Rate(
        "repaired",
        0.1,
        "Ask the sender whether the export's character set has changed, and compare it with the contract's.",
    ),
    "damaged texts": Rate(
        "damaged",
        0.03,
        "Words are lost: correct the contract's encoding, then complaints quarantine replay --every-file.",
    ),
    "records without customer": Rate("no_customer", 0.25, _FIELD),
    "records without region": Rate("no_region", 0.25, _FIELD),
    "records without product": Rate("no_product", 0.25, _FIELD),
}
"""Measures by name. The smallest rises are several times what the rates of four weeks of generated data vary by."""

LATENESS_STEP = "Look at what holds files up: the sender's job, the transfer, or our own landing sensor."


def judge_rates(source: str, profiles: pl.DataFrame, days: Collection[date]) -> list[Assessment]:
    """Judge every rate of ``RATES`` on ``days``; those without records are left out.

    ``profiles`` are the source's rows of ``profile.PROFILE_SCHEMA``, by day: ``days`` and ``WINDOW_DAYS`` before.
    """
    known = profiles["day"].to_list()
    rows = profiles["rows"].to_numpy().astype(np.float64)
    assessments = []
    for name, rate in RATES.items():
        shares = profiles[rate.column].to_numpy() / np.maximum(rows, 1)
        points = []
        for number, day in enumerate(known):
            before = _before(known, number)
            value = round(float(shares[number]), 4)
            if len(before) < FEWEST_DAYS or rows[number] < FEWEST_RECORDS:
                points.append(Point(day, value))
                continue
            usual, scatter = _usual(shares[before])
            chance = (usual * (1 - usual) + 1 / rows[number]) / rows[number]
            upper = usual + max(rate.smallest_rise, DEVIATIONS * (scatter**2 + chance) ** 0.5)
            points.append(Point(day, value, round(usual, 4), None, round(min(upper, 1.0), 4)))
        assessments.append(_assessment(source, name, points, days, rate.next_step, is_share=True))
    return assessments


def judge_lateness(source: str, profiles: pl.DataFrame, days: Collection[date], slack: timedelta) -> Assessment:
    """Judge how many hours after the complaint its record is first received, in the median of a day.

    History that is loaded late is late on every day alike, and passes. ``slack`` is how much later than usual is
    still in time, by the source's cadence.
    """
    known = profiles["day"].to_list()
    hours = profiles["lateness_hours"].to_numpy()
    points = []
    for number, day in enumerate(known):
        before = _before(known, number)
        value = round(float(hours[number]), 2)
        if len(before) < FEWEST_DAYS:
            points.append(Point(day, value))
            continue
        usual, scatter = _usual(hours[before])
        upper = usual + max(slack.total_seconds() / 3600, DEVIATIONS * scatter)
        points.append(Point(day, value, round(usual, 2), None, round(upper, 2)))
    return _assessment(source, "lateness in hours", points, days, LATENESS_STEP)


def _usual(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the median of ``values``, and how far they scatter about it, as a standard deviation."""
    median = float(np.median(values))
    return median, MAD_TO_DEVIATION * float(np.median(np.abs(values - median)))


def _before(known: Sequence[date], number: int) -> list[int]:
    """Return the places of the days in the window before the one at ``number``."""
    first = known[number] - timedelta(days=WINDOW_DAYS)
    return [place for place in range(number) if known[place] >= first]


def _assessment(
    source: str, name: str, points: Sequence[Point], days: Collection[date], next_step: str, *, is_share: bool = False
) -> Assessment:
    first = min(days, default=date.max)
    return Assessment(
        source,
        name,
        [point for point in points if point.day < first],
        [point for point in points if point.day in days],
        next_step,
        is_share,
    )
