"""Collect customers: one file becomes an original, hashed reference data, quarantine and, last, a receipt.

In receipts and in the reconciliation the records of such files count as *filtered*: the contract says that they are
no complaints.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl

from complaints_platform.cleaning import DataKey
from complaints_platform.cleaning.customers import known_customers, not_yet_known
from complaints_platform.cleaning.regions import Regions
from complaints_platform.intake.files import Collected, FileCollector, StoredItem, folder_problem, reading_version
from complaints_platform.intake.landing import StoredFile
from complaints_platform.lake import Lake
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.reference import received_before
from complaints_platform.schemas import KnownCustomer, empty_frame
from complaints_platform.sources.batches import quarantine_frame
from complaints_platform.sources.contract import CustomersContract
from complaints_platform.sources.customers import CustomerBatch, read_customers
from complaints_platform.sources.reading import PARSER_VERSION

CUSTOMERS_VERSION = "1"
"""Raise it with every change that can change what becomes of a file of customers."""


@dataclass(frozen=True)
class _Written:
    """What one reading of a file has written."""

    item: StoredItem
    previous: Receipt | None
    stored: Receipt

    def receipt(self) -> Receipt:
        """Return the receipt."""
        return self.stored

    def days_touched(self) -> set[date]:
        """Return no days: which ones depend on reference data, their fingerprints know."""
        return set()


@dataclass(frozen=True)
class CustomersCollector(FileCollector[_Written]):
    """Collects files of customers, one after the other: a snapshot is compared with what was known before it."""

    lake: Lake
    source: str
    contract: CustomersContract
    key: DataKey
    regions: Regions
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def version(self) -> str:
        """Reading version: contract, parser, data key and regions."""
        return reading_version(
            self.contract.fingerprint, PARSER_VERSION, CUSTOMERS_VERSION, self.key.fingerprint, self.regions.fingerprint
        )

    def collect(self, files: Sequence[StoredFile], workers: int = 1) -> list[Collected]:  # noqa: ARG002 - one at a time
        """Collect some files in their order; first bring up to date what was read in an older way."""
        self.refresh()
        return [done for file in files for done in super(CustomersCollector, self).collect([file])]

    def read_again(self, receipts: Iterable[Receipt]) -> list[Collected]:
        """Read collected files again from their originals, in the order of their receipt."""
        ordered = sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.sha256))
        done = {
            receipt.sha256: result
            for receipt in ordered
            for result in super(CustomersCollector, self).read_again([receipt])
        }
        return [done[receipt.sha256] for receipt in receipts]

    def refresh(self) -> list[Collected]:
        """Read all files again that were read under another contract, key or table of regions."""
        receipts = self.lake.receipts.of_source(self.source)
        return self.read_again([receipt for receipt in receipts if receipt.version != self.version])

    def _read(self, item: StoredItem, previous: Receipt | None, arrived_at: datetime) -> _Written:
        received_at = previous.received_at if previous else arrived_at
        batches = list(self._batches(item, received_at))
        quarantined = pl.concat([quarantine_frame([]), *(batch.quarantined for batch in batches)])
        said = [known_customers(batch.customers, self.key, self.regions) for batch in batches if batch.customers.height]
        customers = pl.concat([empty_frame(KnownCustomer), *said])
        earlier = received_before(self.lake.reference.files(self.source), received_at, item.sha256)
        known = self.lake.reference.known(earlier, customers["person_key"])
        new = not_yet_known(customers, known, snapshot=self.contract.fields.valid_from is None)
        if new.height:
            self.lake.keys.add(self.key.version, self.key.fingerprint)
            self.lake.reference.write(self.source, item.sha256, self.version, new)
        if quarantined.height:
            self.lake.quarantine.write(self.source, item.sha256, self.version, quarantined)
        records = sum(batch.customers.height for batch in batches)
        receipt = Receipt(
            source=self.source,
            sha256=item.sha256,
            file_name=previous.file_name if previous else item.name,
            size=item.size,
            received_at=received_at,
            version=self.version,
            received=records + quarantined.height,
            filtered=records,
            quarantined=quarantined.height,
            days={},
        )
        return _Written(item, previous, receipt)

    def _batches(self, item: StoredItem, received_at: datetime) -> Iterable[CustomerBatch]:
        if item.is_folder:
            yield CustomerBatch(pl.DataFrame(), folder_problem(item.name))
            return
        with self.lake.originals.open(item.sha256) as stream:
            yield from read_customers(stream, item.name, self.contract, received_at.astimezone(UTC).date())

    def _index(self, batch: Sequence[_Written]) -> Mapping[str, set[date]]:  # noqa: ARG002 - they hold no complaints
        return {}
