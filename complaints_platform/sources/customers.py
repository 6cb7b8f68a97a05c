"""Reading files that say who the customers are, by their contract."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import polars as pl

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import Problem, SplitBatch, quarantine_frame, value_column
from complaints_platform.sources.columns import Columns, joined, several, with_blanks_as_null
from complaints_platform.sources.contract import CustomersContract
from complaints_platform.sources.mapping import describe_time
from complaints_platform.sources.reading import has_types, split_records
from complaints_platform.sources.times import check_formats, parse_times

ATTRIBUTES = ("region", "product", "segment")

CUSTOMER_SCHEMA = pl.Schema(
    [
        ("customer", pl.String),
        ("names", pl.List(pl.String)),
        ("valid_from", pl.Date),
        ("region", pl.String),
        ("product", pl.String),
        ("segment", pl.String),
    ]
)


@dataclass(frozen=True)
class CustomerBatch:
    """Some records of a file, in the file's order."""

    customers: pl.DataFrame
    """``CUSTOMER_SCHEMA``, values as sent; ``names`` are the account and all identifiers."""
    quarantined: pl.DataFrame
    """``batches.QUARANTINE_SCHEMA``."""


def read_customers(
    stream: BinaryIO, file_name: str, contract: CustomersContract, received: date
) -> Iterator[CustomerBatch]:
    """Read a file of customers by its contract, batch by batch; what can't be read is quarantined with a reason.

    Records that don't say since when they hold do so from ``received`` (UTC).

    Raises:
        ContractError: a time format of the contract can't be used.
        OSError: the stream itself fails.
    """
    check_formats(contract.times)
    for batch in split_records(stream, file_name, contract, _columns(contract)):
        yield _read(batch, contract, received)


def _columns(contract: CustomersContract) -> Columns:
    fields = contract.fields
    optional = [*fields.identifiers, *(path for name in ATTRIBUTES if (path := getattr(fields, name)))]
    return Columns.of([fields.customer, *several(fields.valid_from)], optional)


def _read(batch: SplitBatch, contract: CustomersContract, received: date) -> CustomerBatch:
    if batch.frame is None or batch.frame.is_empty():
        return CustomerBatch(pl.DataFrame(schema=CUSTOMER_SCHEMA), quarantine_frame(batch.problems))
    fields = contract.fields
    values = with_blanks_as_null(batch.frame, _columns(contract).mapped)
    names = pl.concat_list(value_column(path) for path in (fields.customer, *fields.identifiers))
    frame = values.select(
        "record_number",
        "line_number",
        customer=joined(fields.customer),
        names=names.list.drop_nulls().list.unique(maintain_order=True),
        time=joined(fields.valid_from),
        **{name: joined(getattr(fields, name)) for name in ATTRIBUTES},
    )
    if fields.valid_from is None:
        frame = frame.with_columns(valid_from=pl.lit(received), reason=_reason(timed=False))
    else:
        instants = parse_times(frame["time"], contract.times, also_iso=has_types(contract))["instant"]
        frame = frame.with_columns(valid_from=instants.dt.date()).with_columns(reason=_reason(timed=True))
    bad = frame.filter(pl.col("reason").is_not_null())
    problems = sorted([*batch.problems, *(_problem(row, contract) for row in bad.iter_rows(named=True))])
    good = frame.filter(pl.col("reason").is_null())
    return CustomerBatch(good.select(CUSTOMER_SCHEMA.names()).cast(CUSTOMER_SCHEMA), quarantine_frame(problems))


def _reason(*, timed: bool) -> pl.Expr:
    reason = pl.when(pl.col("customer").is_null()).then(pl.lit(QuarantineReason.MISSING_CUSTOMER.value))
    if not timed:
        return reason.otherwise(None)
    return (
        reason.when(pl.col("time").is_null())
        .then(pl.lit(QuarantineReason.MISSING_TIME.value))
        .when(pl.col("valid_from").is_null())
        .then(pl.lit(QuarantineReason.UNREADABLE_TIME.value))
    )


def _problem(row: dict[str, object], contract: CustomersContract) -> Problem:
    reason = QuarantineReason(str(row["reason"]))
    when = " and ".join(several(contract.fields.valid_from))
    detail = {
        QuarantineReason.MISSING_CUSTOMER: f"{contract.fields.customer!r} is empty; nobody knows whose record it is",
        QuarantineReason.MISSING_TIME: f"{when!r} is empty; nobody knows since when the record holds",
        QuarantineReason.UNREADABLE_TIME: (
            f"{when!r} is {describe_time(str(row['time']))}, no time by the contract's formats "
            f"({', '.join(contract.times.formats)})"
        ),
    }[reason]
    return Problem(int(str(row["record_number"])), int(str(row["line_number"])), reason, detail)
