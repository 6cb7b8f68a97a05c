"""Profiles of days: a cache of sums that checks and metrics compare, so that they need not read the days again.

A row counts only for the state of the stored day that it names. Whoever writes last wins, and what is lost thereby is
made again.
"""

import io
from collections.abc import Collection, Iterable
from datetime import date

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.store import Store

FINGERPRINT = "fingerprint"
"""Column that says of which state of its day a row speaks."""


class Profiles:
    """The profiles of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, days: Iterable[date], schema: pl.Schema) -> pl.DataFrame:
        """Return what is stored of ``days``; damaged files, and months that have other columns, count for nothing."""
        wanted = set(days)
        frames = [pl.DataFrame(schema=schema)]
        for month in sorted({day.replace(day=1) for day in wanted}):
            data = self._store.get(layout.profiles(month))
            if data is not None and (frame := _parsed(data, schema)) is not None:
                frames.append(frame.filter(pl.col("day").is_in(list(wanted))))
        return pl.concat(frames)

    def write(self, days: Collection[date], rows: pl.DataFrame) -> None:
        """Replace what is stored of ``days`` by ``rows``."""
        for month in sorted({day.replace(day=1) for day in days}):
            of_month = pl.col("day").dt.truncate("1mo") == month
            data = self._store.get(layout.profiles(month))
            before = None if data is None else _parsed(data, rows.schema)
            kept = rows.clear() if before is None else before.filter(~pl.col("day").is_in(list(days)))
            buffer = io.BytesIO()
            pl.concat([kept, rows.filter(of_month)]).sort("day").write_parquet(buffer)
            self._store.put(layout.profiles(month), buffer.getvalue())


def _parsed(data: bytes, schema: pl.Schema) -> pl.DataFrame | None:
    try:
        frame = pl.read_parquet(data)
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.schema == schema else None
