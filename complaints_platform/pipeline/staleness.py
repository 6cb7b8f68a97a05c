"""What is stale: days whose stored fingerprint differs from what it would be if made now.

It looks at state, never at events, so nothing that was missed stays missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from complaints_platform.lake import Lake
from complaints_platform.pipeline import data_sets
from complaints_platform.pipeline.cleaned import LOOK_BACK, CleanedRecipe
from complaints_platform.pipeline.corrections import CorrectionsInForce
from complaints_platform.pipeline.fingerprints import of_categorized
from complaints_platform.pipeline.marts import ReconciliationRecipe, daily_fingerprint, trend_fingerprint
from complaints_platform.pipeline.quarantined import QuarantineRecipe
from complaints_platform.settings import Settings


@dataclass(frozen=True)
class Staleness:
    """Stale days by data set (``schema/name``), in order; absent data sets are up to date."""

    days: Mapping[str, list[date]] = field(default_factory=dict)

    def by_day(self) -> list[date]:
        """Return all stale days of the data sets that are partitioned by the day of the complaint."""
        return self._union(by_received_day=False)

    def by_received_day(self) -> list[date]:
        """Return all stale days of the data sets that are partitioned by the day received."""
        return self._union(by_received_day=True)

    def _union(self, *, by_received_day: bool) -> list[date]:
        names = {f"{spec.schema}/{spec.name}" for spec in data_sets.TABLES if spec.by_received_day is by_received_day}
        return sorted({day for name, days in self.days.items() if name in names for day in days})


def find_stale(settings: Settings) -> Staleness:
    """Compare what is stored with what recipes would make now, under ``settings``.

    Before the first training everything after ``cleaned`` counts as stale.
    """
    lake = Lake(settings.lake)
    cleaned = CleanedRecipe.of(settings)
    serving = lake.models.serving()
    corrected = CorrectionsInForce.of(lake).fingerprints
    stored = {spec: spec.table(lake).fingerprints() for spec in data_sets.TABLES}
    expected_cleaned = _expected_cleaned(cleaned, set(stored[data_sets.CLEANED]))
    expected: dict[data_sets.TableSpec, dict[date, str]] = {data_sets.CLEANED: expected_cleaned}
    expected[data_sets.CATEGORIZED] = {
        day: of_categorized(value, serving.version, serving.taxonomy_version, corrected.get(day))
        if serving
        else "no model"
        for day, value in expected_cleaned.items()
    }
    expected[data_sets.DAILY] = {
        day: daily_fingerprint(value) for day, value in expected[data_sets.CATEGORIZED].items()
    }
    expected[data_sets.TRENDS] = {day: trend_fingerprint(day, expected[data_sets.DAILY]) for day in expected_cleaned}
    quarantine = QuarantineRecipe(lake)
    reconciliation = ReconciliationRecipe(lake, data_sets.CLEANED.table(lake))
    received = {day: lake.receipts.received_on(day) for day in lake.receipts.days()}
    expected[data_sets.QUARANTINE] = {day: quarantine.fingerprint(receipts) for day, receipts in received.items()}
    expected[data_sets.RECONCILIATION] = {
        day: reconciliation.fingerprint(receipts, expected_cleaned) for day, receipts in received.items()
    }
    return Staleness(
        {
            f"{spec.schema}/{spec.name}": days
            for spec, wanted in expected.items()
            if (days := sorted(day for day, value in wanted.items() if stored[spec].get(day) != value))
        }
    )


def _expected_cleaned(recipe: CleanedRecipe, materialised: set[date]) -> dict[date, str]:
    with_data = {day for source in recipe.sources for day in recipe.lake.segments.days(source)}
    raw_days = {
        day: recipe.raw_days(day)
        for day in {*with_data, *(day - LOOK_BACK for day in with_data | materialised), *materialised}
    }
    live = {day for day, sources in raw_days.items() if any(raw.segments for raw in sources)}
    return {
        day: recipe.fingerprint(raw_days[day - LOOK_BACK], raw_days[day])
        for day in sorted(live | materialised)
        if day in raw_days and day - LOOK_BACK in raw_days
    }
