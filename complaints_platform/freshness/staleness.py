"""What is stale: days whose stored fingerprint differs from what it would be if made now.

It looks at state, never at events, so nothing that was missed stays missed. ``StalenessWatch`` remembers what it saw,
and looks only at the days that marks of new files name; now and then it looks at everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from complaints_platform.freshness.next_days import DayKind, RunningBatch
from complaints_platform.lake import Lake, data_sets
from complaints_platform.lake.fingerprints import data_of, of_categorized
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.marts.definition import MartRules
from complaints_platform.pipeline.cleaned import LOOK_BACK, CleanedLook
from complaints_platform.pipeline.derived import DERIVED, Derived
from complaints_platform.pipeline.marts import MartRecipes
from complaints_platform.pipeline.quarantined import receipts_fingerprint
from complaints_platform.pipeline.reconciliation import days_reached, reconciliation_fingerprint

EVERYTHING_AFTER = timedelta(hours=1)
"""After so long everything is looked at again, should a mark ever have been missed."""

OVERLAP = timedelta(minutes=15)
"""Marks stand there before the receipts they speak of: what was noted so lately is looked at again."""


@dataclass(frozen=True)
class Staleness:
    """Stale days by data set (``schema/name``), in order; absent data sets are up to date."""

    days: Mapping[str, list[date]] = field(default_factory=dict)
    same_data: Mapping[str, list[date]] = field(default_factory=dict)
    """Those of them that hold what they should of the data, and would only be made in another way."""
    wanted: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    """The fingerprint that each of them would have if it were made now."""

    def by_day(self) -> list[date]:
        """Return all stale days of the data sets that are partitioned by the day of the complaint."""
        return self._union(by_received_day=False)

    def by_received_day(self) -> list[date]:
        """Return all stale days of the data sets that are partitioned by the day received."""
        return self._union(by_received_day=True)

    def _union(self, *, by_received_day: bool) -> list[date]:
        names = {f"{spec.schema}/{spec.name}" for spec in data_sets.TABLES if spec.by_received_day is by_received_day}
        return sorted({day for name, days in self.days.items() if name in names for day in days})


def _by_name(days: Mapping[data_sets.TableSpec, list[date]]) -> dict[str, list[date]]:
    return {f"{spec.schema}/{spec.name}": found for spec, found in days.items() if found}


@dataclass(frozen=True)
class _Received:
    """What the receipts of a day say."""

    fingerprint: str
    days: tuple[date, ...]
    """Days of occurrence that their files reach."""


class _DerivedDays:
    """What the fingerprints of derived tables would be; hashed anew only for days whose window has changed."""

    def __init__(self) -> None:
        self._made_by: object = None
        self._made: dict[data_sets.TableSpec, dict[date, str]] = {}
        self._of: dict[data_sets.TableSpec, Mapping[date, str]] = {}
        """By derived table: its source when it was last looked at."""

    def of(self, marts: MartRecipes, derived: Derived, source: Mapping[date, str]) -> dict[date, str]:
        """Return day → fingerprint for every day of the source."""
        if marts.made_by != self._made_by:
            self._made_by, self._made, self._of = marts.made_by, {}, {}
        known, before = self._made.get(derived.spec, {}), self._of.get(derived.spec, {})
        changed = {day for day in source.keys() | before.keys() if source.get(day) != before.get(day)}
        reached = {day + timedelta(days=ahead) for day in changed for ahead in range(derived.mart.look_back + 1)}
        made = {day: marts.fingerprint(derived.spec, day, source) if day in reached else known[day] for day in source}
        self._made[derived.spec], self._of[derived.spec] = made, dict(source)
        return made


class StalenessWatch:
    """Finds what is stale again and again, at the cost of what has changed since the last time.

    Holds in memory, of each day, the fingerprint of what is live in raw and of what was received. Not safe
    for several threads at once.
    """

    def __init__(self) -> None:
        self._raw: dict[date, dict[str, str]] = {}
        """Day → source → fingerprint of its live segments; sources without any are absent."""
        self._received: dict[date, _Received] = {}
        self._derived = _DerivedDays()
        self._of: tuple[object, ...] = ()
        self._looked_at_everything: datetime | None = None
        self._looked: datetime | None = None

    def find(self, recipe: CleanedLook, rules: MartRules) -> Staleness:
        """Compare what is stored with what recipes would make now, under the data key that the lake keeps.

        Before the first training everything after ``cleaned`` counts as stale.
        """
        lake = recipe.lake
        stored = {spec: spec.table(lake).fingerprints() for spec in data_sets.TABLES}
        self._refresh(recipe, set(stored[data_sets.CLEANED]))
        marts = MartRecipes(lake, rules, recipe.reference)
        expected = self._expected(lake, recipe, marts, set(stored[data_sets.CLEANED]))
        stale = {
            spec: sorted(day for day, value in wanted.items() if stored[spec].get(day) != value)
            for spec, wanted in expected.items()
        }
        same_data = {
            spec: [
                day
                for day in days
                if (made_from := stored[spec].get(day)) is not None
                and data_of(made_from) == data_of(expected[spec][day])
            ]
            for spec, days in stale.items()
        }
        wanted = {f"{spec.schema}/{spec.name}": expected[spec] for spec in stale}
        return Staleness(
            _by_name(stale),
            _by_name(same_data),
            {name: {day: wanted[name][day] for day in days} for name, days in _by_name(stale).items()},
        )

    def _refresh(self, recipe: CleanedLook, materialised: set[date]) -> None:
        """Look at what has changed in raw and among the receipts since the last time."""
        now = datetime.now(UTC)
        of = (recipe.lake.store.uri, tuple(recipe.sources))
        last, everything = self._looked, self._looked_at_everything
        if last is None or everything is None or of != self._of or now - everything > EVERYTHING_AFTER:
            self._raw, self._received, self._of, self._looked_at_everything = {}, {}, of, now
            with_data = {day for source in recipe.sources for day in recipe.lake.segments.days(source)}
            self._look_at(recipe, with_data | materialised, recipe.lake.receipts.days())
        else:
            touched = recipe.lake.receipts.touched_since(last - OVERLAP)
            self._look_at(recipe, touched.days | (materialised - self._raw.keys()), touched.received)
        self._looked = now

    def _look_at(self, recipe: CleanedLook, days: Iterable[date], received: Iterable[date]) -> None:
        for day in days:
            self._raw[day] = {raw.source: raw.fingerprint for raw in recipe.raw_days(day) if raw.segments}
        for day in received:
            receipts = recipe.lake.receipts.received_on(day)
            if receipts:  # marks may stand there without any
                self._received[day] = _Received(receipts_fingerprint(receipts), tuple(days_reached(receipts)))

    def _expected(
        self, lake: Lake, recipe: CleanedLook, marts: MartRecipes, materialised: set[date]
    ) -> dict[data_sets.TableSpec, dict[date, str]]:
        """Return what the fingerprint of each day of each table would be if it were made now."""
        live = {day for day, sources in self._raw.items() if sources}
        cleaned = {
            day: recipe.fingerprint(day, self._raw.get(day - LOOK_BACK, {}), self._raw.get(day, {}))
            for day in sorted(live | materialised)
        }
        serving = lake.models.serving()
        corrected = CorrectionsInForce.of(lake).fingerprints
        categorized = {
            day: of_categorized(value, serving.version, serving.taxonomy_version, corrected.get(day))
            if serving
            else "no model"
            for day, value in cleaned.items()
        }
        made: dict[data_sets.TableSpec, dict[date, str]] = {
            data_sets.CLEANED: cleaned,
            data_sets.CATEGORIZED: categorized,
        }
        for each in DERIVED:
            made[each.spec] = self._derived.of(marts, each, made[each.source])
        return {
            **made,
            data_sets.QUARANTINE: {day: received.fingerprint for day, received in self._received.items()},
            data_sets.RECONCILIATION: {
                day: reconciliation_fingerprint(received.fingerprint, received.days, cleaned)
                for day, received in self._received.items()
            },
        }


def rows_made(lake: Lake, batch: RunningBatch) -> dict[date, int]:
    """Return how many complaints each day of a batch has, and each day before one."""
    made = {unit.day for unit in batch.units if unit.kind is DayKind.OCCURRED}
    looked_at = made | {day - timedelta(days=1) for day in made}
    return {day: rows for day, rows in data_sets.CLEANED.table(lake).row_counts().items() if day in looked_at}
