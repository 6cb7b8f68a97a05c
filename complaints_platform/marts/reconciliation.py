"""Reconciliation: for each file, received = complaints + all other outcomes, or what is missing."""

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import Mart
from complaints_platform.schemas import DataSet, Outcome, UtcTime, conform, fields
from complaints_platform.schemas.model import polars_schema

OUTCOME_COLUMNS = ["source", "raw_sha256", "outcome"]

COLUMN_OF_OUTCOME = {
    Outcome.COMPLAINT: "complaints",
    Outcome.DUPLICATE: "duplicates",
    Outcome.SUPERSEDED: "superseded",
    Outcome.RETRACTED: "retracted",
}


class Reconciliation(DataSet, unique=["day", "source", "raw_sha256"]):
    """The outcomes of every file's records: the proof that nothing is lost or counted twice."""

    day: pl.Date = fields.RECEIVED_DAY
    source: str = fields.FILE_SOURCE
    file_name: str = fields.FILE_NAME
    raw_sha256: str = fields.RAW_SHA256
    received_at: UtcTime = fields.RECEIVED_AT
    received: int = pa.Field(
        ge=0, description="Records in the file; an unreadable file, or rest of a file, counts as one."
    )
    complaints: int = pa.Field(ge=0, description="Records that count as complaints.")
    duplicates: int = pa.Field(ge=0, description="Records that repeat another exactly.")
    superseded: int = pa.Field(ge=0, description="Records replaced by a newer version.")
    retracted: int = pa.Field(ge=0, description="Records that the sender retracted.")
    filtered: int = pa.Field(ge=0, description="Records that are not complaints, according to the contract.")
    quarantined: int = pa.Field(ge=0, description="Records quarantined with a reason.")
    waiting: int = pa.Field(ge=0, description="Records whose day has not been built in cleaned/complaints yet.")
    reconciles: bool = pa.Field(description="received equals the sum of all outcomes, and nothing is waiting.")


FILE_COLUMNS = pl.Schema(
    {
        name: dtype
        for name, dtype in polars_schema(Reconciliation).items()
        if name not in {*COLUMN_OF_OUTCOME.values(), "reconciles"}
    }
)
"""The receipts of a day, one row per file; ``waiting`` counts records of days that were not made since."""


def count_outcomes(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Count the rows of ``CleanedComplaint`` by source, file and outcome (column ``rows``)."""
    return cleaned.group_by(OUTCOME_COLUMNS).agg(rows=pl.len().cast(pl.Int64))


def reconciliation(files: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Compare receipts (``FILE_COLUMNS``) with ``cleaned/complaints``: ``Reconciliation``, by source, time and hash.

    ``outcomes`` are ``count_outcomes`` of every day that these files have records in; rows of other files are ignored,
    several rows of one file and outcome are added up.
    """
    key, counted = ["source", "raw_sha256"], list(COLUMN_OF_OUTCOME.values())
    counts = [
        pl.col("rows").filter(pl.col("outcome") == outcome).sum().alias(column)
        for outcome, column in COLUMN_OF_OUTCOME.items()
    ]
    table = (
        files.join(outcomes.group_by(key).agg(counts), on=key, how="left")
        .with_columns(pl.col(counted).fill_null(0))
        .with_columns(reconciles=pl.col("received") == pl.sum_horizontal(*counted, "filtered", "quarantined"))
        .sort("source", "received_at", "raw_sha256")
    )
    return conform(table, Reconciliation)


MART = Mart(
    name="mart.reconciliation",
    title="Reconciliation",
    grain="a file received",
    description="The outcomes of every file's records.",
    model=Reconciliation,
    recipe=None,
    source="cleaned.complaints",
)
