"""Hourly counts of a small company: seasons of week and day, three regions, three categories, two channels."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from complaints_platform.marts.expectations import grid_of, score
from complaints_platform.marts.hourly_complaints import HourlyComplaints
from complaints_platform.marts.incident_detection import find_incidents
from complaints_platform.schemas.model import polars_schema

FIRST = date(2026, 1, 5)
REGIONS, CATEGORIES, CHANNELS = ("north", "south", None), ("billing", "data", "voice"), ("sms", "web_form")
DAY = np.array([1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 8, 6, 4, 3, 2]) / 5.5
WEEK = np.array([1.3, 1.1, 1.0, 1.0, 1.0, 0.7, 0.5])
SHARES = np.array([0.5, 0.3, 0.2])[:, None] * np.array([0.3, 0.5, 0.2])


class Company:
    """Expected and drawn counts (``[days, 24, regions, categories, channels]``)."""

    def __init__(self, days, per_hour=200.0, seed=1):
        self.days = days
        week = WEEK[[(FIRST + timedelta(days=number)).weekday() for number in range(days)]]
        self.rates = per_hour * np.einsum("d,h,rk,c->dhrkc", week, DAY, SHARES, [0.6, 0.4])
        self.seed = seed

    def outage(self, day, hours, factor, region=None, category=None):
        """Multiply what comes in some hours; a region or category is its number, None means all."""
        where = (
            slice(None) if region is None else region,
            slice(None) if category is None else category,
        )
        for hour in hours:
            self.rates[(day + hour // 24, hour % 24, *where)] *= factor
        return self

    def hourly(self, until=None):
        """Return ``HourlyComplaints``; ``until`` (day, hour) leaves out that hour and all after it."""
        counts = np.random.default_rng(self.seed).poisson(self.rates)
        if until is not None:
            day, hour = until
            counts[day, hour:], counts[day + 1 :] = 0, 0
        day, hour, region, category, channel = np.nonzero(counts)
        on = pl.Series([FIRST + timedelta(days=number) for number in day.tolist()], dtype=pl.Date)
        return pl.DataFrame(
            {
                "day": on,
                "hour_at": on.cast(pl.Datetime("us", "UTC")) + pl.Series(hour * 3600 * 10**6).cast(pl.Duration("us")),
                "channel": [CHANNELS[number] for number in channel],
                "region": [REGIONS[number] for number in region],
                "category": [CATEGORIES[number] for number in category],
                "model_version": "m1",
                "taxonomy_version": "t1",
                "complaints": counts[day, hour, region, category, channel],
            }
        ).cast(dict(polars_schema(HourlyComplaints)))


def watched(hourly, day, first=FIRST):
    """Return grid, expectations and what is open on a day (a number), of all that is known by then."""
    last = first + timedelta(days=day)
    grid = grid_of(hourly, first, last)
    scores = score(grid, max(0, day - 9), day)
    return grid, scores, find_incidents(grid, scores, day, day)
