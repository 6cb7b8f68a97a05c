"""The recipes of the marts: which days each reads, and its fingerprint. Formulas stand in ``marts``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.marts import MARTS_VERSION
from complaints_platform.marts.complaint_trends import LOOK_BACK_DAYS, complaint_trends
from complaints_platform.marts.daily_complaints import daily_complaints
from complaints_platform.marts.reconciliation import FILE_COLUMNS, OUTCOME_COLUMNS, count_outcomes, reconciliation
from complaints_platform.pipeline.fingerprints import data_of, made_of, of_window, recipe_of
from complaints_platform.pipeline.quarantined import receipts_fingerprint


def daily_fingerprint(categorized_fingerprint: str) -> str:
    """Return the fingerprint of a day of ``mart/daily_complaints``."""
    return made_of((MARTS_VERSION, recipe_of(categorized_fingerprint)), (data_of(categorized_fingerprint),))


def daily_frames(categorized: Iterable[DayFrame]) -> Iterator[DayFrame]:
    """Yield ``mart/daily_complaints`` for each categorised day."""
    for day in categorized:
        yield DayFrame(day.day, daily_complaints(day.frame), daily_fingerprint(day.fingerprint))


def trend_window(day: date) -> list[date]:
    """Return the days that a day of ``mart/complaint_trends`` reads."""
    return [day - timedelta(days=back) for back in range(LOOK_BACK_DAYS, -1, -1)]


def trend_fingerprint(day: date, daily: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/complaint_trends``, given those of the daily mart."""
    return of_window(trend_window(day), daily, recipe=(MARTS_VERSION,))


def trend_frames(days: Sequence[date], daily: Sequence[DayFrame]) -> Iterator[DayFrame]:
    """Yield ``mart/complaint_trends`` for each of ``days``; ``daily`` covers their windows."""
    fingerprints = {day.day: day.fingerprint for day in daily}
    table = pl.concat([day.frame for day in daily])
    for day in days:
        window = table.filter(pl.col("day").is_between(day - timedelta(days=LOOK_BACK_DAYS), day))
        yield DayFrame(day, complaint_trends(day, window), trend_fingerprint(day, fingerprints))


def reconciliation_fingerprint(receipts: str, reached: Iterable[date], cleaned: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/reconciliation``.

    Args:
        receipts: fingerprint of the receipts of the files received on it.
        reached: days of occurrence that they have records in.
        cleaned: fingerprints of all cleaned days.
    """
    return of_window(reached, cleaned, recipe=(MARTS_VERSION,), data=(data_of(receipts),))


@dataclass(frozen=True)
class ReconciliationRecipe:
    """Makes days of ``mart/reconciliation`` from receipts and the cleaned days they reach."""

    lake: Lake
    cleaned: Table

    def frames(self, days: Sequence[date]) -> Iterator[DayFrame]:
        """Yield the reconciliation of the files received on each of ``days``."""
        cleaned = self.cleaned.fingerprints()
        for day in days:
            receipts = self.lake.receipts.received_on(day)
            reached = days_reached(receipts)
            frame = reconciliation(_file_rows(receipts), self._outcomes(reached))
            made_from = reconciliation_fingerprint(receipts_fingerprint(receipts), reached, cleaned)
            yield DayFrame(day, frame, made_from)

    def _outcomes(self, days: Sequence[date]) -> pl.DataFrame:
        frames = [count_outcomes(day.frame) for day in self.cleaned.read_days(days, columns=OUTCOME_COLUMNS)]
        if not frames:
            return pl.DataFrame(schema={**dict.fromkeys(OUTCOME_COLUMNS, pl.String), "rows": pl.Int64})
        return pl.concat(frames)


def days_reached(receipts: Iterable[Receipt]) -> list[date]:
    """Return the days of occurrence that some files have records in."""
    return sorted({date.fromisoformat(day) for receipt in receipts for day in receipt.days})


def _file_rows(receipts: Sequence[Receipt]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                receipt.received_day,
                receipt.source,
                receipt.file_name,
                receipt.sha256,
                receipt.received_at,
                receipt.received,
                receipt.filtered,
                receipt.quarantined,
            )
            for receipt in receipts
        ],
        schema=FILE_COLUMNS,
        orient="row",
    )
