"""Reference data in the lake: who the customers are, hashed, one Parquet file for each file received.

Nothing here is personal: files hold keyed hashes and attributes; only the originals say who is meant.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.receipts import Receipt, Receipts
from complaints_platform.lake.store import Store
from complaints_platform.schemas import KnownCustomer, empty_frame


@dataclass(frozen=True)
class ReferenceFile:
    """What one received file has added to what is known."""

    receipt: Receipt
    valid_from: date
    """The first day on which any of it holds: days before can't depend on it."""
    key: str

    @property
    def identity(self) -> str:
        """What tells apart two contents."""
        return f"{self.receipt.source} {self.receipt.sha256} {self.receipt.version}"


class Reference:
    """The reference data of one lake."""

    def __init__(self, store: Store, receipts: Receipts) -> None:
        self._store = store
        self._receipts = receipts

    def write(self, source: str, sha256: str, version: str, customers: pl.DataFrame) -> None:
        """Write what a file adds (``KnownCustomer``, at least one row); it counts once its receipt says so."""
        buffer = io.BytesIO()
        customers.write_parquet(buffer)
        since = min(customers["valid_from"].to_list())
        self._store.put(f"{layout.reference_since(source, since)}/{sha256}-{version}.parquet", buffer.getvalue())

    def files(self, source: str | None = None) -> list[ReferenceFile]:
        """Return the live files of one source, or of all, in the order of their receipt."""
        found = []
        for name in self._store.names(layout.REFERENCE) if source is None else [source]:
            for folder in self._store.names(f"{layout.REFERENCE}/{name}"):
                since = layout.day_of_folder(folder)
                for file in self._store.names(layout.reference_since(name, since)):
                    sha256, version = file.removesuffix(".parquet").split("-")
                    receipt = self._receipts.get(name, sha256)
                    if receipt is not None and receipt.version == version:
                        found.append(ReferenceFile(receipt, since, f"{layout.reference_since(name, since)}/{file}"))
        return sorted(found, key=lambda file: _order(file.receipt))

    def purge(self) -> int:
        """Delete what no receipt names any more; return how many files. Only for when nothing else runs."""
        live = {file.key for file in self.files()}
        dead = [
            entry.key
            for entry in self._store.entries(layout.REFERENCE)
            if not entry.is_folder and entry.key not in live
        ]
        for key in dead:
            self._store.delete(key)
        return len(dead)

    def known(self, files: Sequence[ReferenceFile], persons: pl.Series, until: date | None = None) -> pl.DataFrame:
        """Return what ``files`` say of some persons (person_key) up to a day, as ``KnownCustomer``, the newest last."""
        wanted = persons.drop_nulls().unique().alias("person_key").to_frame()
        frames = [
            self.read(file).join(wanted, on="person_key", how="semi", maintain_order="left")
            for file in files
            if until is None or file.valid_from <= until
        ]
        return pl.concat([empty_frame(KnownCustomer), *frames])

    def accounts(self, files: Sequence[ReferenceFile]) -> pl.DataFrame:
        """Return account_key, valid_from, region, product of accounts, each row once, the newest file at the end."""
        columns = ["account_key", "valid_from", "region", "product"]
        frames = [self.read(file).select(columns).unique(maintain_order=True) for file in files]
        return pl.concat([empty_frame(KnownCustomer).select(columns), *frames])

    def read(self, file: ReferenceFile) -> pl.DataFrame:
        """Return what a file has added, as ``KnownCustomer``."""
        with self._store.open(file.key) as stream:
            return pl.read_parquet(stream)


def received_before(files: Sequence[ReferenceFile], received_at: datetime, sha256: str) -> list[ReferenceFile]:
    """Return those of ``files`` that were received before another file."""
    return [file for file in files if _order(file.receipt) < (received_at, sha256)]


def _order(receipt: Receipt) -> tuple[datetime, str]:
    return receipt.received_at, receipt.sha256
