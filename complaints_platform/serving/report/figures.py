"""The figures of a report: those of the dashboard's overview for the same days, and what the change consists of."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal, Self

from complaints_platform.lake.data_sets import RECONCILIATION
from complaints_platform.marts.registry import METRICS
from complaints_platform.serving.answers.health import Pulse
from complaints_platform.serving.answers.metric_values import parts, values
from complaints_platform.serving.answers.overview import NO_FILTERS, overview
from complaints_platform.serving.models import Overview
from complaints_platform.serving.scope import Period
from complaints_platform.serving.store.warehouse import Snapshot

Kind = Literal["daily", "weekly"]
DAYS: dict[Kind, int] = {"daily": 1, "weekly": 7}
COURSE_DAYS = 28
"""Days of the course that is drawn, up to the last one of the period."""
WEEK = timedelta(days=7)
COMPLAINTS = METRICS["complaints"]


@dataclass(frozen=True)
class Cell:
    """Complaints of a category in a region, now and before."""

    category: str | None
    region: str | None
    value: int
    previous: int

    @property
    def change(self) -> int:
        """How many more than before."""
        return self.value - self.previous


@dataclass(frozen=True)
class Received:
    """What became of the files received in the period."""

    files: int
    reconciled: int
    records: int
    quarantined: int


@dataclass(frozen=True)
class Figures:
    """All numbers of one report."""

    kind: Kind
    period: Period
    manifest: int
    overview: Overview
    week_before: int | None
    """Complaints of the same days a week earlier; None where there is no data."""
    cells: list[Cell]
    """Categories by region, the largest change first."""
    course: list[tuple[date, int]]
    received: Received

    @classmethod
    def of(cls, snapshot: Snapshot, kind: Kind, last: date) -> Self:
        """Ask for the figures of the day or the seven days that end with ``last``."""
        period = Period(last - timedelta(days=DAYS[kind] - 1), last)
        week = Period(period.first - WEEK, period.last - WEEK)
        earliest = snapshot.days(COMPLAINTS.table)
        known = earliest is not None and earliest[0] <= week.first
        week_before = values(snapshot, COMPLAINTS, week, "total", (), NO_FILTERS).get((None,))
        return cls(
            kind=kind,
            period=period,
            manifest=snapshot.number,
            overview=overview(snapshot, period.first, period.last, NO_FILTERS, Pulse()),
            week_before=int(week_before or 0) if known else None,
            cells=_cells(snapshot, period),
            course=_course(snapshot, period.last),
            received=_received(snapshot, period),
        )

    def numbers(self) -> dict[str, Any]:
        """Return what is kept beside the page for programs."""
        return {
            "kind": self.kind,
            "from": self.period.first,
            "to": self.period.last,
            "manifest": self.manifest,
            "overview": self.overview.model_dump(mode="json", by_alias=True),
            "week_before": self.week_before,
            "cells": [asdict(cell) for cell in self.cells],
            "course": [{"day": day, "complaints": count} for day, count in self.course],
            "received": asdict(self.received),
        }

    def headline(self, metric: str) -> tuple[float | None, float | None]:
        """Return a headline's value now and before; None where it is not known."""
        found = next((each for each in self.overview.headline if each.metric == metric), None)
        return (None, None) if found is None else (found.value, found.previous)


def _cells(snapshot: Snapshot, period: Period) -> list[Cell]:
    found: dict[Any, Any] = parts(snapshot, COMPLAINTS, period, ("category", "region"), NO_FILTERS)
    cells = [Cell(where[0], where[1], int(now or 0), int(then or 0)) for where, (now, then) in found.items()]
    return sorted(cells, key=lambda cell: (-abs(cell.change), -cell.value, str(cell.category), str(cell.region)))


def _course(snapshot: Snapshot, last: date) -> list[tuple[date, int]]:
    period = Period(last - timedelta(days=COURSE_DAYS - 1), last)
    counts = values(snapshot, COMPLAINTS, period, "day", (), NO_FILTERS)
    days = [period.first + timedelta(days=number) for number in range(COURSE_DAYS)]
    begun = snapshot.days(COMPLAINTS.table)
    return [(day, int(counts.get((day,)) or 0)) for day in days if begun is not None and day >= begun[0]]


def _received(snapshot: Snapshot, period: Period) -> Received:
    [counts] = snapshot.rows(
        "SELECT count(*), count(*) FILTER (reconciles), coalesce(sum(received), 0), coalesce(sum(quarantined), 0) "  # noqa: S608  # names of the registry
        f"FROM {RECONCILIATION.sql_name} WHERE day BETWEEN ? AND ?",
        [period.first, period.last],
    )
    return Received(*map(int, counts))
