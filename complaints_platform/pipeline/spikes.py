"""The recipe of incidents: what is read of hourly counts and of texts. Formulas stand in ``marts``.

An incident's day is made of a bounded window of hourly counts alone, so it is the same
in whatever order days are made; the texts of the few days on which something is open are read only to describe it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from complaints_platform.lake.data_sets import INCIDENTS
from complaints_platform.lake.tables import Table
from complaints_platform.marts.incident_table import TEXT_COLUMNS, Evidence, first_day_of, incident_rows
from complaints_platform.marts.incidents import SCORED_DAYS, find_incidents
from complaints_platform.marts.spikes import grid_of, score
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.schemas import CategorizedComplaint, HourlyComplaints, Incident, empty_frame

_RANGE_DAYS = 31
"""Days whose incidents are found at once, so that memory is bounded and expectations are computed once."""


@dataclass(frozen=True)
class IncidentRecipe:
    """Makes days of ``mart/incidents`` from hourly counts, and the texts of what is open."""

    hourly: Table
    categorized: Table
    zone: str
    """The reporting time zone."""

    def frames(self, days: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame, Mapping[date, str]]]:
        """Yield each of ``days``, its incidents, and the fingerprints of hourly counts of its window and more."""
        for run in _runs(sorted(days)):
            yield from self._of_run(run)

    def _of_run(self, days: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame, Mapping[date, str]]]:
        first, last = DERIVED_OF[INCIDENTS].window(days[0])[0], days[-1]
        stored = list(
            self.hourly.read_days([first + timedelta(days=number) for number in range((last - first).days + 1)])
        )
        fingerprints = {day.day: day.fingerprint for day in stored}
        table = pl.concat([empty_frame(HourlyComplaints), *(day.frame for day in stored)])
        if table.is_empty():
            yield from ((day, empty_frame(Incident), fingerprints) for day in days)
            return
        grid = grid_of(table, first, last)
        scores = score(grid, max(0, grid.index(days[0]) - SCORED_DAYS), grid.index(last))
        for day in days:
            found = find_incidents(grid, scores, grid.index(day), grid.index(day))
            evidence = [(incident, self._evidence(first_day_of(incident, grid), day)) for incident in found]
            frame = incident_rows(day, evidence, grid, scores, self.zone) if found else empty_frame(Incident)
            yield day, frame, fingerprints

    def _evidence(self, first: date, last: date) -> Evidence:
        """Read the texts of an incident's days and of the day before it."""
        days = [first + timedelta(days=number) for number in range(-1, (last - first).days + 1)]
        frames = [day.frame for day in self.categorized.read_days(days, TEXT_COLUMNS)]
        return Evidence(pl.concat([empty_frame(CategorizedComplaint).select(TEXT_COLUMNS), *frames]))


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Split sorted days where more than a few lie between, and after ``_RANGE_DAYS``."""
    run: list[date] = []
    for day in days:
        if run and ((day - run[-1]).days > SCORED_DAYS or (day - run[0]).days >= _RANGE_DAYS):
            yield run
            run = []
        run.append(day)
    if run:
        yield run
