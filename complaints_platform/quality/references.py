"""Whether what a complaint refers to exists: its original file, and the complaint that it repeats."""

from collections.abc import Set as AbstractSet

import polars as pl

REFERENCE_COLUMNS = ["complaint_id", "raw_sha256", "duplicate_of", "near_duplicate_of"]
"""Of ``CleanedComplaint``: what is looked at."""


def dangling(today: pl.DataFrame, before: pl.DataFrame | None, originals: AbstractSet[str]) -> pl.DataFrame:
    """Return what does not exist: refers (which column), to (which value), rows.

    ``today`` and ``before`` are a day of ``cleaned/complaints`` and the one before it (complaint_id suffices); where
    that is not stored (None), only references to originals are judged, because repetitions may lie there.
    ``originals`` are the SHA-256 of those files of the day that exist.
    """
    missing = today.filter(~pl.col("raw_sha256").is_in(list(originals)))
    found = [_counted(missing, "raw_sha256")]
    if before is not None:
        known = pl.concat([today["complaint_id"], before["complaint_id"]]).unique()
        for column in ("duplicate_of", "near_duplicate_of"):
            lost = today.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known.implode()))
            found.append(_counted(lost, column))
    return pl.concat(found)


def _counted(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        rows.group_by(pl.col(column).alias("to"))
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(column).alias("refers"), "to", "rows")
        .sort("to")
    )
