"""What the tests of reading share: a contract, a window, and a file read with its counts checked."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from complaints_platform.schemas import QuarantinedRecord, QuarantineReason, RawRecord, empty_frame
from complaints_platform.schemas.model import conform, polars_schema
from complaints_platform.sources.contract import SourceContract
from complaints_platform.sources.reading import Window, read_records

WINDOW = Window(first_day=date(2015, 1, 1), now=datetime(2026, 11, 1, 12, tzinfo=UTC))
DEFAULTS = {
    "description": "A source of a test.",
    "owner": "team:tests",
    "cadence": "daily",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"source_id": "id", "text": "text", "occurred_at": "at"},
}


@dataclass(frozen=True)
class Read:
    """A file as read."""

    records: pl.DataFrame
    quarantined: pl.DataFrame
    filtered: int

    @property
    def ids(self):
        return self.records["source_id"].to_list()

    @property
    def texts(self):
        return self.records["text"].to_list()

    @property
    def times(self):
        return self.records["occurred_at"].dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ").to_list()

    @property
    def bad(self):
        """Record number, line number and reason of each quarantined record."""
        return list(self.quarantined.select("record_number", "line_number", "reason").iter_rows())

    @property
    def detail(self):
        assert self.quarantined.height == 1, self.quarantined.rows()
        return self.quarantined["detail"].item()


def make_contract(**changes):
    return SourceContract.model_validate(DEFAULTS | changes)


def read(data, contract=None, *, block_bytes=1 << 20, window=WINDOW, name="file.csv"):
    """Read a file whole, and check what holds for every file: schemas, and each record counted once."""
    contract = contract or make_contract()
    records, quarantined, filtered, received = [empty_frame(RawRecord)], [empty_quarantine()], 0, 0
    for batch in read_records(io.BytesIO(data), name, contract, window, block_bytes=block_bytes):
        assert batch.records.schema == polars_schema(RawRecord)
        assert batch.quarantined.schema == empty_quarantine().schema
        assert set(batch.quarantined["reason"]) <= {reason.value for reason in QuarantineReason}
        assert batch.received == batch.records.height + batch.quarantined.height + batch.filtered
        records.append(batch.records)
        quarantined.append(batch.quarantined)
        filtered += batch.filtered
        received += batch.received
    result = Read(pl.concat(records), pl.concat(quarantined), filtered)
    conform(result.records, RawRecord)
    numbers = result.records["record_number"].to_list() + result.quarantined["record_number"].to_list()
    assert len(set(numbers)) == len(numbers)
    assert received == len(numbers) + filtered
    if not filtered and numbers != [0] and contract.format.type != "parquet":
        assert sorted(numbers) == list(range(1, received + 1))
    return result


def empty_quarantine():
    schema = polars_schema(QuarantinedRecord)
    return pl.DataFrame(schema={name: schema[name] for name in ("record_number", "line_number", "reason", "detail")})
