"""The recipes of the marts: one loop over days and their windows for all of them. Formulas stand in ``marts``."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, TableSpec
from complaints_platform.lake.reference import ReferenceFile
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.marts.definition import ByDay, BySpan, MartRules, Span, Window
from complaints_platform.pipeline.derived import DERIVED_OF, Derived
from complaints_platform.schemas import KnownCustomer, empty_frame

_Made: TypeAlias = tuple[date, pl.DataFrame, Mapping[date, str]]
"""A day, its rows, and the fingerprints of the days of its source."""


@dataclass(frozen=True)
class MartRecipes:
    """Makes days of the marts of one other table (``pipeline.derived``)."""

    lake: Lake
    rules: MartRules
    reference: Sequence[ReferenceFile]
    """What is known of customers."""

    @property
    def made_by(self) -> object:
        """All that decides days of marts beside the table that they are made of; equal if it is the same."""
        return self.rules, [file.identity for file in self.reference]

    def fingerprint(self, spec: TableSpec, day: date, source: Mapping[date, str]) -> str:
        """Return the fingerprint of a day of a mart, given those of the table that it is made of."""
        derived = DERIVED_OF[spec]
        data = [file.identity for file in self._known(day)] if derived.mart.reads_accounts else []
        return derived.fingerprint(day, source, derived.mart.settings(self.rules, day), data)

    def frames(self, spec: TableSpec, days: Sequence[date], source: Table) -> Iterator[DayFrame]:
        """Yield a mart for each of ``days``, in order; ``source`` is the table that it is made of.

        Days that the source does not have are left out, but for marts that tell of the days before as well.
        """
        derived = DERIVED_OF[spec]
        recipe = derived.mart.recipe
        in_order = sorted(days)
        if isinstance(recipe, BySpan):
            made = self._by_span(derived, recipe, in_order, source)
        elif isinstance(recipe, ByDay):
            made = self._by_day(derived, recipe, in_order, source)
        else:
            raise TypeError(f"{derived.mart.name} is not made of one other table")
        for day, frame, fingerprints in made:
            yield DayFrame(day, frame, self.fingerprint(spec, day, fingerprints))

    def _by_day(self, derived: Derived, recipe: ByDay, days: Sequence[date], source: Table) -> Iterator[_Made]:
        """Make days one by one; each day of the source is read once."""
        accounts = empty_frame(KnownCustomer)
        if derived.mart.reads_accounts and days:
            accounts = self.lake.reference.accounts(self._known(days[-1]))
        stored = source.read_days(sorted({each for day in days for each in derived.mart.window(day)}), recipe.columns)
        coming = next(stored, None)
        held: deque[DayFrame] = deque()
        for day in days:
            while held and held[0].day < day - timedelta(days=derived.mart.look_back):
                held.popleft()
            while coming is not None and coming.day < day:
                held.append(replace(coming, frame=_kept(self._prepared(coming.frame, recipe), recipe)))
                coming = next(stored, None)
            before = [each.frame for each in held]
            if coming is not None and coming.day == day:
                today = self._prepared(coming.frame, recipe)
                held.append(replace(coming, frame=_kept(today, recipe)))
                coming = next(stored, None)
            elif recipe.every_day:
                today = self._prepared(empty_frame(derived.source.model).select(recipe.columns), recipe)
            else:
                continue
            frame = recipe.make(Window(day, today, before, self.rules, accounts))
            yield day, frame, {each.day: each.fingerprint for each in held}

    def _by_span(self, derived: Derived, recipe: BySpan, days: Sequence[date], source: Table) -> Iterator[_Made]:
        """Make days that lie close together at once."""
        categorized = CATEGORIZED.table(self.lake)
        no_text = empty_frame(CATEGORIZED.model).select(recipe.text_columns)

        def texts(wanted: Sequence[date]) -> pl.DataFrame:
            return pl.concat([no_text, *(day.frame for day in categorized.read_days(wanted, recipe.text_columns))])

        for close in _close_together(days, recipe):
            first = derived.mart.window(close[0])[0]
            reached = [first + timedelta(days=number) for number in range((close[-1] - first).days + 1)]
            stored = list(source.read_days(reached))
            rows = pl.concat([empty_frame(derived.source.model), *(day.frame for day in stored)])
            fingerprints = {day.day: day.fingerprint for day in stored}
            made = recipe.make(Span(close, first, rows, self.rules, texts))
            for day, frame in zip(close, made, strict=True):
                yield day, frame, fingerprints

    def _prepared(self, frame: pl.DataFrame, recipe: ByDay) -> pl.DataFrame:
        return frame if recipe.prepare is None else recipe.prepare(frame, self.rules)

    def _known(self, day: date) -> list[ReferenceFile]:
        return [file for file in self.reference if file.valid_from <= day]


def _kept(prepared: pl.DataFrame, recipe: ByDay) -> pl.DataFrame:
    return prepared if recipe.keep is None else prepared.select(recipe.keep)


def _close_together(days: Sequence[date], recipe: BySpan) -> Iterator[list[date]]:
    """Split sorted days where more than a few lie between, and after so many that memory stays bounded."""
    close: list[date] = []
    for day in days:
        far = close and (day - close[-1]).days > recipe.most_days_between
        if far or (close and (day - close[0]).days >= recipe.most_days):
            yield close
            close = []
        close.append(day)
    if close:
        yield close
