"""Making a report from the marts that are published, and keeping it."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from complaints_platform.errors import QueryError
from complaints_platform.lake.reports import StoredReport
from complaints_platform.platform import Platform
from complaints_platform.serving.report.figures import COMPLAINTS, COURSE_DAYS, Figures, Kind
from complaints_platform.serving.report.page import render
from complaints_platform.serving.store.parquet import LocalFiles
from complaints_platform.serving.store.warehouse import Snapshot, Warehouse

ZONES_DIFFER = timedelta(days=1)
"""A day of the reporting zone reaches into the day (UTC) before or after it."""
LOOKED_AT = timedelta(days=COURSE_DAYS + 7) + ZONES_DIFFER
"""How far back a report looks: its course, or a week and the one before."""


@dataclass(frozen=True)
class Made:
    """A report that was made."""

    figures: Figures
    page: str


@contextmanager
def published(platform: Platform, last: date) -> Iterator[Snapshot]:
    """Read the marts by the newest manifest, in a copy that is gone afterwards.

    What reports up to the ``last`` day do not look at is not copied. Of service times all files up to it are read, as
    complaints of any day may still be open.
    """
    lake, settings = platform.lake, platform.settings
    with tempfile.TemporaryDirectory(prefix="complaints-report-") as name:
        folder = Path(name)
        files = LocalFiles(lake.store, folder / "files")
        between = (last - LOOKED_AT, last + ZONES_DIFFER)
        warehouse = Warehouse(lake, files, folder, settings.serving_memory_mb, settings.time_zone, between=between)
        with closing(warehouse):
            warehouse.refresh()
            with warehouse.snapshot() as snapshot:
                yield snapshot


def make(snapshot: Snapshot, zone: str, kind: Kind, last: date) -> Made:
    """Make the report of the day, or the seven days, that end with ``last``.

    Raises:
        QueryError: no table has been published, or there is no data up to that day.
    """
    days = snapshot.days(COMPLAINTS.table)
    if days is None or days[0] > last:
        raise QueryError(
            f"there is nothing to report up to {last}: "
            + ("no complaints have been published" if days is None else f"the data begins on {days[0]}")
        )
    figures = Figures.of(snapshot, kind, last)
    return Made(figures, render(figures, zone))


def make_and_keep(platform: Platform, kind: Kind, last: date) -> tuple[Made, StoredReport]:
    """Make a report and keep it in the lake.

    Raises:
        QueryError: there is nothing to report.
        LakeError: the lake can't be read or written.
    """
    with published(platform, last) as snapshot:
        made = make(snapshot, platform.settings.time_zone, kind, last)
    return made, platform.lake.reports.add(kind, last, made.page, made.figures.numbers())
