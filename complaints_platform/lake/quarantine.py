"""Quarantine files: what could not be read of a file, with reasons, one Parquet file each."""

import io

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.store import Store
from complaints_platform.schemas import QuarantinedRecord, empty_frame


class QuarantineFiles:
    """The quarantine files of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, source: str, sha256: str, version: str, quarantined: pl.DataFrame) -> None:
        """Write a file's quarantined records (record_number, line_number, reason, detail)."""
        buffer = io.BytesIO()
        quarantined.write_parquet(buffer)
        self._store.put(layout.quarantine(source, sha256, version), buffer.getvalue())

    def read(self, receipt: Receipt) -> pl.DataFrame:
        """Return the live quarantined records of a file, as ``QuarantinedRecord``."""
        columns = empty_frame(QuarantinedRecord)
        if receipt.quarantined == 0:
            return columns
        with self._store.open(layout.quarantine(receipt.source, receipt.sha256, receipt.version)) as file:
            records = pl.read_parquet(file)
        return records.select(
            day=pl.lit(receipt.received_day),
            source=pl.lit(receipt.source),
            file_name=pl.lit(receipt.file_name),
            raw_sha256=pl.lit(receipt.sha256),
            record_number=pl.col("record_number"),
            line_number=pl.col("line_number"),
            reason=pl.col("reason"),
            detail=pl.col("detail"),
            received_at=pl.lit(receipt.received_at, pl.Datetime("us", "UTC")),
        ).select(columns.columns)
