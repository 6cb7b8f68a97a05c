"""The recipes of hourly counts, incidents and topics: which days each reads, and its fingerprint.

Formulas stand in ``marts``. An incident's day is made of a bounded window of hourly counts alone, so it is the same
in whatever order days are made; the texts of the few days on which something is open are read only to describe it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.marts import SPIKES_VERSION, TOPICS_VERSION
from complaints_platform.marts.hourly_complaints import hourly_complaints
from complaints_platform.marts.incident_table import TEXT_COLUMNS, Evidence, first_day_of, incident_rows
from complaints_platform.marts.incidents import SCORED_DAYS, find_incidents
from complaints_platform.marts.spikes import HISTORY_DAYS, grid_of, score
from complaints_platform.marts.topics import TOPIC_DAYS, emerging_topics, term_counts
from complaints_platform.pipeline.fingerprints import data_of, made_of, of_window, recipe_of
from complaints_platform.schemas import CategorizedComplaint, HourlyComplaints, Incident, empty_frame

INCIDENT_LOOK_BACK = HISTORY_DAYS + SCORED_DAYS
"""Days before a day that decide what is open on it."""

_RANGE_DAYS = 31
"""Days whose incidents are found at once, so that memory is bounded and expectations are computed once."""


def hourly_fingerprint(categorized_fingerprint: str) -> str:
    """Return the fingerprint of a day of ``mart/hourly_complaints``."""
    return made_of((SPIKES_VERSION, recipe_of(categorized_fingerprint)), (data_of(categorized_fingerprint),))


def hourly_frames(categorized: Iterable[DayFrame]) -> Iterator[DayFrame]:
    """Yield ``mart/hourly_complaints`` for each categorised day."""
    for day in categorized:
        yield DayFrame(day.day, hourly_complaints(day.frame), hourly_fingerprint(day.fingerprint))


def incident_window(day: date) -> list[date]:
    """Return the days that a day of ``mart/incidents`` reads."""
    return [day - timedelta(days=back) for back in range(INCIDENT_LOOK_BACK, -1, -1)]


def incident_fingerprint(day: date, hourly: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/incidents``, given those of the hourly mart."""
    return of_window(incident_window(day), hourly, recipe=(SPIKES_VERSION,))


@dataclass(frozen=True)
class IncidentRecipe:
    """Makes days of ``mart/incidents`` from hourly counts, and the texts of what is open."""

    hourly: Table
    categorized: Table

    def frames(self, days: Sequence[date]) -> Iterator[DayFrame]:
        """Yield the incidents of each of ``days``."""
        for run in _runs(sorted(days)):
            yield from self._of_run(run)

    def _of_run(self, days: Sequence[date]) -> Iterator[DayFrame]:
        first, last = days[0] - timedelta(days=INCIDENT_LOOK_BACK), days[-1]
        stored = list(
            self.hourly.read_days([first + timedelta(days=number) for number in range((last - first).days + 1)])
        )
        fingerprints = {day.day: day.fingerprint for day in stored}
        table = pl.concat([empty_frame(HourlyComplaints), *(day.frame for day in stored)])
        grid = grid_of(table, first, last)
        scores = score(grid, max(0, grid.index(days[0]) - SCORED_DAYS), grid.index(last))
        for day in days:
            found = find_incidents(grid, scores, grid.index(day), grid.index(day))
            evidence = [(incident, self._evidence(first_day_of(incident, grid), day)) for incident in found]
            frame = incident_rows(day, evidence, grid, scores) if found else empty_frame(Incident)
            yield DayFrame(day, frame, incident_fingerprint(day, fingerprints))

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


def terms_fingerprint(categorized_fingerprint: str) -> str:
    """Return the fingerprint of a day of ``mart/term_counts``."""
    return made_of((TOPICS_VERSION, recipe_of(categorized_fingerprint)), (data_of(categorized_fingerprint),))


def terms_frames(categorized: Iterable[DayFrame]) -> Iterator[DayFrame]:
    """Yield ``mart/term_counts`` for each categorised day."""
    for day in categorized:
        yield DayFrame(day.day, term_counts(day.day, day.frame), terms_fingerprint(day.fingerprint))


def topics_window(day: date) -> list[date]:
    """Return the days that a day of ``mart/emerging_topics`` reads."""
    return [day - timedelta(days=back) for back in range(TOPIC_DAYS, -1, -1)]


def topics_fingerprint(day: date, terms: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/emerging_topics``, given those of the term counts."""
    return of_window(topics_window(day), terms, recipe=(TOPICS_VERSION,))


def topics_frames(days: Sequence[date], terms: Sequence[DayFrame]) -> Iterator[DayFrame]:
    """Yield ``mart/emerging_topics`` for each of ``days``; ``terms`` covers their windows."""
    fingerprints = {day.day: day.fingerprint for day in terms}
    table = pl.concat([day.frame for day in terms])
    for day in days:
        window = table.filter(pl.col("day").is_between(day - timedelta(days=TOPIC_DAYS), day))
        yield DayFrame(day, emerging_topics(day, window), topics_fingerprint(day, fingerprints))
