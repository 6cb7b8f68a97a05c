"""Days of the tables that are made of each other, without making them: right fingerprints, one number a day."""

from datetime import date

import polars as pl

from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline.data_sets import CATEGORIZED, CLEANED, DAILY, TRENDS
from complaints_platform.pipeline.fingerprints import made_of, of_categorized
from complaints_platform.pipeline.marts import daily_fingerprint, trend_fingerprint
from complaints_platform.schemas import empty_frame
from complaints_platform.schemas.model import polars_schema

DAY = date(2026, 3, 10)
STEPS = (CLEANED, CATEGORIZED, DAILY, TRENDS)


class Chain:
    """A run, step by step: ``step`` replaces days in one table."""

    def __init__(self, lake):
        self.lake = lake

    def step(self, spec, values):
        """Replace days (day → number) in one table, as a run does that made the tables before it of these numbers."""
        table = spec.table(self.lake)
        daily = {**DAILY.table(self.lake).fingerprints(), **{day: daily_of(value) for day, value in values.items()}}
        frames = [
            DayFrame(day, frame(spec, day, value), made(spec, day, value, daily)) for day, value in values.items()
        ]
        table.replace_days(list(values), frames)

    def run(self, values, until=TRENDS):
        for spec in STEPS[: STEPS.index(until) + 1]:
            self.step(spec, values)


def cleaned_of(value):
    return made_of(("recipe",), (value,))


def categorized_of(value):
    return of_categorized(cleaned_of(value), "model", "1", None)


def daily_of(value):
    return daily_fingerprint(categorized_of(value))


def made(spec, day, value, daily):
    if spec is CLEANED:
        return cleaned_of(value)
    if spec is CATEGORIZED:
        return categorized_of(value)
    return daily_of(value) if spec is DAILY else trend_fingerprint(day, daily)


def frame(spec, day, value):
    if spec in {CLEANED, CATEGORIZED}:
        return empty_frame(spec.model)
    schema = polars_schema(spec.model)
    known = {"day": day, "complaints": value}
    return pl.DataFrame([{name: known.get(name) for name in schema.names()}], schema=schema)
