"""The recipe of ``cleaned/quarantine``: the quarantined records of the files received on a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.fingerprints import made_of
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.tables import DayFrame
from complaints_platform.schemas import QuarantinedRecord, conform, empty_frame


def receipts_fingerprint(receipts: Sequence[Receipt]) -> str:
    """Return the fingerprint of a day of ``cleaned/quarantine``, given the receipts of the files received on it."""
    return made_of((), (f"{receipt.source} {receipt.sha256} {receipt.version}" for receipt in receipts))


@dataclass(frozen=True)
class QuarantineRecipe:
    """Makes days of ``cleaned/quarantine`` from receipts and quarantine files."""

    lake: Lake

    def frames(self, days: Sequence[date]) -> Iterator[DayFrame]:
        """Yield the quarantined records of each of ``days``, in order."""
        for day in days:
            receipts = self.lake.receipts.received_on(day)
            frames = [self.lake.quarantine.read(receipt) for receipt in receipts]
            frame = pl.concat([empty_frame(QuarantinedRecord), *frames])
            yield DayFrame(day, conform(frame, QuarantinedRecord), receipts_fingerprint(receipts))
