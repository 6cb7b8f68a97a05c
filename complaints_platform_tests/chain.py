"""Days of the tables that are made of each other, without making them: right fingerprints, one number a day."""

from datetime import date

import polars as pl

from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED
from complaints_platform.lake.fingerprints import made_of, of_categorized
from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.schemas import empty_frame
from complaints_platform.schemas.model import polars_schema

DAY = date(2026, 3, 10)
STEPS = (CLEANED, CATEGORIZED, *DERIVED_OF)
LAST = STEPS[-1]


class Chain:
    """A run, step by step: ``step`` replaces days in one table."""

    def __init__(self, lake):
        self.lake = lake

    def step(self, spec, values):
        """Replace days (day → number) in one table, as a run does that made the tables before it of these numbers."""
        source = {}
        if spec in DERIVED_OF:
            before = DERIVED_OF[spec].source
            source = {
                **before.table(self.lake).fingerprints(),
                **{day: made(before, day, values[day]) for day in values},
            }
        frames = [
            DayFrame(day, frame(spec, day, value), made(spec, day, value, source)) for day, value in values.items()
        ]
        spec.table(self.lake).replace_days(list(values), frames)

    def run(self, values, until=LAST, after=None):
        first = STEPS.index(after) + 1 if after else 0
        for spec in STEPS[first : STEPS.index(until) + 1]:
            self.step(spec, values)


def cleaned_of(value):
    return made_of(("recipe",), (value,))


def categorized_of(value):
    return of_categorized(cleaned_of(value), "model", "1", None)


def made(spec, day, value, source=None):
    """Return the fingerprint of a day; of a table that reads one day alone, ``source`` need not be given."""
    if spec is CLEANED:
        return cleaned_of(value)
    if spec is CATEGORIZED:
        return categorized_of(value)
    derived = DERIVED_OF[spec]
    return derived.fingerprint(day, source or {day: made(derived.source, day, value)})


def frame(spec, day, value):
    if spec in {CLEANED, CATEGORIZED}:
        return empty_frame(spec.model)
    schema = polars_schema(spec.model)
    known = {"day": day, "complaints": value}
    return pl.DataFrame([{name: known.get(name) for name in schema.names()}], schema=schema)
