"""Which stored days are compared for drift, and what the serving model knows. Formulas stand in ``classification``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from complaints_platform.classification.drift import DayProfile, Shift, profile, shifts, windows, words_of
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.learning.labels import training_labels
from complaints_platform.learning.model import serving_model
from complaints_platform.schemas import Outcome

COLUMNS = ["outcome", "category", "confidence", "needs_review", "category_source", "model_version", "text"]


@dataclass(frozen=True)
class Drift:
    """Two windows of ``categorized/complaints`` and how they differ."""

    reference: list[DayProfile]
    current: list[DayProfile]
    shifts: list[Shift]

    @property
    def model_versions(self) -> list[str]:
        """Versions of the models that categorised these days; of several, numbers can't be compared well."""
        return sorted({version for day in (*self.reference, *self.current) for version in day.model_versions})


def measure_drift(lake: Lake, up_to: date) -> Drift | None:
    """Compare the newest materialised days up to ``up_to`` with those before; None if there are no days yet."""
    table = CATEGORIZED.table(lake)
    reference, current = windows([day for day in table.row_counts() if day <= up_to])
    if not current:
        return None
    taxonomy = serving_model(lake).taxonomy
    phrases = [text for text, _ in (*taxonomy.seed_phrases(), *taxonomy.keyword_phrases())]
    known = words_of([*phrases, *training_labels(lake, taxonomy).frame["text"]])

    def profiles(days: Sequence[date]) -> list[DayProfile]:
        return [
            profile(day.day, day.frame.filter(pl.col("outcome") == Outcome.COMPLAINT), known)
            for day in table.read_days(days, COLUMNS)
        ]

    before, now = profiles(reference), profiles(current)
    return Drift(before, now, shifts(before, now))
