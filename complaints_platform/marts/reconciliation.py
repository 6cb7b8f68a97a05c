"""Reconciliation: for each file, received = complaints + all other fates, or say what is missing."""

import polars as pl

from complaints_platform.schemas import Outcome, Reconciliation, conform

FILE_COLUMNS = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        "file_name": pl.String(),
        "raw_sha256": pl.String(),
        "received_at": pl.Datetime("us", "UTC"),
        "received": pl.Int64(),
        "filtered": pl.Int64(),
        "quarantined": pl.Int64(),
        "waiting": pl.Int64(),
    }
)
"""What the receipts of a day say, one row a file; ``waiting`` counts records of days that were not made since."""

OUTCOME_COLUMNS = ["source", "raw_sha256", "outcome"]

COLUMN_OF_OUTCOME = {
    Outcome.COMPLAINT: "complaints",
    Outcome.DUPLICATE: "duplicates",
    Outcome.SUPERSEDED: "superseded",
    Outcome.RETRACTED: "retracted",
}


def count_outcomes(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Count the rows of ``CleanedComplaint`` by source, file and outcome (column ``rows``)."""
    return cleaned.group_by(OUTCOME_COLUMNS).agg(rows=pl.len().cast(pl.Int64))


def reconciliation(files: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Set what the receipts say against what stands in ``cleaned/complaints``.

    Args:
        files: ``FILE_COLUMNS``, the files received on one day.
        outcomes: ``count_outcomes`` of every day that these files have records in; rows of
            other files are ignored, several rows of one file and outcome are added up.

    Returns:
        ``Reconciliation``, one row a file, by source, time and hash.
    """
    key = ["source", "raw_sha256"]
    counts = [
        pl.col("rows").filter(pl.col("outcome") == outcome).sum().alias(column)
        for outcome, column in COLUMN_OF_OUTCOME.items()
    ]
    fates = [*COLUMN_OF_OUTCOME.values(), "filtered", "quarantined"]
    accounted = pl.sum_horizontal(fates)
    table = (
        files.join(outcomes.group_by(key).agg(counts), on=key, how="left")
        .with_columns(pl.col(list(COLUMN_OF_OUTCOME.values())).fill_null(0))
        .with_columns(
            reconciles=pl.col("received") == accounted,
        )
        .sort("source", "received_at", "raw_sha256")
        .select(*FILE_COLUMNS.names()[:5], "received", *fates, "waiting", "reconciles")
    )
    return conform(table, Reconciliation)
