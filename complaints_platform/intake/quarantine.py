"""Work on the quarantine: what lies in it, and reading files again once their contract is fixed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import polars as pl

from complaints_platform.errors import ContractError, LakeError
from complaints_platform.intake.files import FILES_AT_ONCE, Collected, FileCollector, batched
from complaints_platform.lake import Lake
from complaints_platform.lake.receipts import Receipt
from complaints_platform.schemas import QuarantinedRecord, QuarantineReason, empty_frame
from complaints_platform.sources.reading import line_of_file


@dataclass(frozen=True)
class Selection:
    """Which quarantined records, or files, are meant; what is left out does not restrict.

    Attributes:
        source: files of this source.
        reason: records quarantined for this reason, and files that have such records.
        file: part of the file's name, or the beginning of its SHA-256.
        since: received on this day (UTC) or later.
    """

    source: str | None = None
    reason: str | None = None
    file: str | None = None
    since: date | None = None

    def check(self, sources: Sequence[str]) -> None:
        """Make sure that source and reason exist.

        Raises:
            ContractError: one does not; the message lists what there is.
        """
        if self.source is not None and self.source not in sources:
            raise ContractError(f"no source {self.source!r}; there are {', '.join(sources)}")
        reasons = [reason.value for reason in QuarantineReason]
        if self.reason is not None and self.reason not in reasons:
            raise ContractError(f"no reason {self.reason!r}; there are {', '.join(reasons)}")

    def names(self, receipt: Receipt) -> bool:
        """Tell whether the file of a receipt is meant, reasons apart."""
        return (self.source is None or receipt.source == self.source) and (
            self.file is None or self.file in receipt.file_name or receipt.sha256.startswith(self.file)
        )

    def receipts(self, lake: Lake) -> Iterator[Receipt]:
        """Yield the receipts of the files that are meant, reasons apart, by day received."""
        for day in lake.receipts.days():
            if self.since is None or day >= self.since:
                yield from filter(self.names, lake.receipts.received_on(day))


def quarantined(lake: Lake, selection: Selection) -> pl.DataFrame:
    """Return the chosen records that lie in quarantine now, as ``QuarantinedRecord``, by time of receipt."""
    frames = [lake.quarantine.read(receipt) for receipt in selection.receipts(lake) if receipt.quarantined]
    records = pl.concat([empty_frame(QuarantinedRecord), *frames])
    if selection.reason is not None:
        records = records.filter(pl.col("reason") == selection.reason)
    return records.sort("received_at", "source", "raw_sha256", "record_number")


def count_quarantined(records: pl.DataFrame) -> pl.DataFrame:
    """Count quarantined records: day received, source, reason, records, files; newest day first."""
    return (
        records.group_by("day", "source", "reason")
        .agg(records=pl.len(), files=pl.col("raw_sha256").n_unique())
        .sort("day", "source", "records", "reason", descending=[True, False, True, False])
    )


def original_line(known: Mapping[str, FileCollector[Any]], record: Mapping[str, object]) -> str | None:
    """Return the line of the original on which a row of ``QuarantinedRecord`` starts, decoded; personal data.

    None if the record is the file as a whole, or its format has no lines.

    Raises:
        LakeError: the original is gone.
    """
    collector = known.get(str(record["source"]))
    number = int(str(record["line_number"]))
    if collector is None or number == 0:
        return None
    with collector.lake.originals.open(str(record["raw_sha256"])) as stream:
        return line_of_file(stream, collector.contract, number)


def replayable(
    lake: Lake, known: Mapping[str, FileCollector[Any]], selection: Selection, *, every_file: bool
) -> list[tuple[FileCollector[Any], Receipt]]:
    """Find the selected files that would be read differently now; with a reason, only those that hold such records.

    ``every_file``: also files of which nothing was quarantined.

    Raises:
        ContractError: source or reason do not exist.
    """
    selection.check(sorted(known))
    return [
        (known[receipt.source], receipt)
        for receipt in selection.receipts(lake)
        if receipt.source in known
        and receipt.version != known[receipt.source].version
        and (every_file or receipt.quarantined)
        and (selection.reason is None or selection.reason in set(lake.quarantine.read(receipt)["reason"]))
    ]


def replay(
    files: Sequence[tuple[FileCollector[Any], Receipt]],
) -> Iterator[tuple[FileCollector[Any], Receipt, Collected]]:
    """Read files again by their present contracts; yield each with its receipt of before.

    An interruption loses nothing: what was not read again keeps its receipt, and is found the next time.

    Raises:
        LakeError: the lake can't be written, or an original is gone.
    """
    for collector, group in groupby(sorted(files, key=lambda file: file[0].source), key=lambda file: file[0]):
        for some in batched((receipt for _, receipt in group), FILES_AT_ONCE):
            for before, done in zip(some, collector.read_again(some), strict=True):
                if done.receipt is None:
                    raise LakeError(f"{before.file_name} could not be read again: {done.describe()}")
                yield collector, before, done
