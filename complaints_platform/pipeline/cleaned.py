"""The recipe of ``cleaned/complaints``: a day of raw records, with the day before as look-back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

import polars as pl

from complaints_platform.cleaning import CLEANING_VERSION, DataKey, Rules, decide_outcomes, native_id_keys, prepare
from complaints_platform.cleaning.customers import join_customers
from complaints_platform.lake import Lake
from complaints_platform.lake.fingerprints import made_of
from complaints_platform.lake.key_index import VERSION_COLUMNS
from complaints_platform.lake.keys import KnownKey
from complaints_platform.lake.reference import ReferenceFile
from complaints_platform.lake.segments import RawDay
from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline.parallel import bounded_map
from complaints_platform.pipeline.prepared import PreparedDays

LOOK_BACK = timedelta(days=1)
"""Exact duplicates within 24 hours and near duplicates look at the day before; nothing looks further."""


@dataclass(frozen=True)
class CleanedLook:
    """Tells what the days of ``cleaned/complaints`` should be made of. It takes no secret, so anybody may look."""

    lake: Lake
    sources: Sequence[str]
    key: DataKey | KnownKey
    rules: Rules

    @cached_property
    def reference(self) -> list[ReferenceFile]:
        """What is known of customers, looked up once: all days of a run see the same."""
        return self.lake.reference.files()

    def raw_days(self, day: date) -> list[RawDay]:
        """Find what is live of a day in each source."""
        return [self.lake.segments.day(source, day) for source in sorted(self.sources)]

    def fingerprint(self, day: date, before: Mapping[str, str], today: Mapping[str, str]) -> str:
        """Return the fingerprint of a day.

        ``before`` and ``today`` have, by source, the fingerprint of what is live in raw on the day before and on the
        day; sources without any are absent.
        """
        recipe, reference = self._made_by(day)
        return made_of(
            recipe,
            (
                *reference,
                *(f"{source} {before[source]}" for source in sorted(before)),
                "today",
                *(f"{source} {today[source]}" for source in sorted(today)),
            ),
        )

    def _made_by(self, day: date) -> tuple[list[str], list[str]]:
        """Return all that the preparation of a day's records depends on beside them: the recipe, and reference data."""
        reference = [file.identity for file in self.reference if file.valid_from <= day]
        return [CLEANING_VERSION, self.key.fingerprint, self.rules.fingerprint], reference


@dataclass(frozen=True)
class CleanedRecipe(CleanedLook):
    """Makes days of ``cleaned/complaints`` from the raw segments of some sources."""

    key: DataKey
    workers: int = 1

    def frames(self, days: Sequence[date]) -> Iterator[DayFrame]:
        """Yield the cleaned frame of each of ``days``, in order.

        A day is prepared once although it serves as its own day and as the look-back of the next.
        """
        self.lake.keys.add(self.key.version, self.key.fingerprint)
        for run in contiguous(sorted(days)):
            prepared = bounded_map(self._prepare, [run[0] - LOOK_BACK, *run], self.workers)
            yield from bounded_map(self._decide, pairwise(prepared), self.workers)

    def _prepare(self, day: date) -> "_Prepared":
        raw_days = self.raw_days(day)

        def prepared(raw: pl.DataFrame) -> pl.DataFrame:
            one_by_one = prepare(raw, self.key, self.rules)
            known = self.lake.reference.known(self.reference, one_by_one["customer_key"], until=day)
            return join_customers(one_by_one, known)

        made_by = made_of(*self._made_by(day))
        return _Prepared(day, raw_days, PreparedDays(self.lake, prepared, made_by).of(day, raw_days))

    def _decide(self, pair: "tuple[_Prepared, _Prepared]") -> DayFrame:
        before, today = pair
        frame = decide_outcomes(today.frame, before.frame, _elsewhere(today.raw_days))
        return DayFrame(today.day, frame, self.fingerprint(today.day, live(before.raw_days), live(today.raw_days)))


@dataclass(frozen=True)
class _Prepared:
    day: date
    raw_days: list[RawDay]
    frame: pl.DataFrame


def live(raw_days: Sequence[RawDay]) -> dict[str, str]:
    """Return source → fingerprint of what is live in raw on a day; sources without any are absent."""
    return {raw.source: raw.fingerprint for raw in raw_days if raw.segments}


def _elsewhere(raw_days: Sequence[RawDay]) -> pl.DataFrame:
    """Return the versions that other days hold of this day's records, by complaint id."""
    frames = [
        raw_day.elsewhere.with_columns(complaint_id=native_id_keys(raw_day.source, raw_day.elsewhere["source_id"]))
        for raw_day in raw_days
    ]
    columns = ["complaint_id", *VERSION_COLUMNS.names()[1:]]
    empty = pl.DataFrame(schema={"complaint_id": pl.String, **VERSION_COLUMNS}).select(columns)
    return pl.concat([empty, *(frame.select(columns) for frame in frames)])


def contiguous(days: Sequence[date]) -> Iterator[list[date]]:
    """Split sorted days into runs without gaps."""
    run: list[date] = []
    for day in days:
        if run and day - run[-1] != timedelta(days=1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run
