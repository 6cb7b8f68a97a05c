"""The recipe of ``mart/reconciliation``: the one mart that is made of receipts, by the day files were received."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.fingerprints import data_of, of_window
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.marts.reconciliation import FILE_COLUMNS, MART, OUTCOME_COLUMNS, count_outcomes, reconciliation
from complaints_platform.pipeline.quarantined import receipts_fingerprint


def reconciliation_fingerprint(receipts: str, reached: Iterable[date], cleaned: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/reconciliation``.

    Made of that of its receipts, and of those of the cleaned days that its files have records in.
    """
    return of_window(reached, cleaned, recipe=(MART.version,), data=(data_of(receipts),))


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
            frame = self._reconciled(receipts, reached)
            made_from = reconciliation_fingerprint(receipts_fingerprint(receipts), reached, cleaned)
            yield DayFrame(day, frame, made_from)

    def _reconciled(self, receipts: Sequence[Receipt], days: Sequence[date]) -> pl.DataFrame:
        """Reconcile files with the days that they reach."""
        frames = [pl.DataFrame(schema={**dict.fromkeys(OUTCOME_COLUMNS, pl.String), "rows": pl.Int64})]
        taken_in: set[tuple[date, str, str]] = set()
        for day in self.cleaned.read_days(days, columns=OUTCOME_COLUMNS):
            counted = count_outcomes(day.frame)
            frames.append(counted)
            taken_in.update((day.day, *file) for file in counted.select("source", "raw_sha256").iter_rows())
        return reconciliation(_file_rows(receipts, taken_in), pl.concat(frames))


def days_reached(receipts: Iterable[Receipt]) -> list[date]:
    """Return the days of occurrence that some files have records in."""
    return sorted({date.fromisoformat(day) for receipt in receipts for day in receipt.days})


def _file_rows(receipts: Sequence[Receipt], taken_in: set[tuple[date, str, str]]) -> pl.DataFrame:
    """Return ``FILE_COLUMNS``; ``taken_in`` maps each day to the sources and files whose rows it holds.

    A day that holds none of a file's rows was made before the file came: they wait. Whatever else is missing is lost.
    """
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
                sum(
                    rows
                    for day, rows in receipt.days.items()
                    if (date.fromisoformat(day), receipt.source, receipt.sha256) not in taken_in
                ),
            )
            for receipt in receipts
        ],
        schema=FILE_COLUMNS,
        orient="row",
    )
