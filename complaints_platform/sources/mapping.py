"""From split records to raw records: what the contract says of fields, channels, times and filters."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import polars as pl

from complaints_platform.schemas import FLAG_SEPARATOR, QuarantineReason, RawRecord
from complaints_platform.schemas.model import polars_schema
from complaints_platform.sources.batches import Problem, ReadBatch, SplitBatch, Window, quarantine_frame, value_column
from complaints_platform.sources.columns import Columns, joined, listed, several, with_blanks_as_null
from complaints_platform.sources.contract import ChannelMap, SourceContract, ValueFilter
from complaints_platform.sources.times import INSTANT, parse_times

CLOCK_SKEW = timedelta(days=1)
"""How far beyond the present a complaint may lie: clocks go wrong, and zones are left out, by hours."""

TEXT_FIELDS = ("source_id", "customer", "agent", "thread", "region", "product", "status", "language")
OPTIONAL_TIMES = ("updated_at", "first_response_at", "resolved_at")
RAW_SCHEMA = polars_schema(RawRecord)


def columns_of(contract: SourceContract) -> Columns:
    """Return the columns that a source of complaints is read by; none can be without text, time, channel, filter."""
    fields = contract.fields
    channel = [contract.channel.field] if isinstance(contract.channel, ChannelMap) else []
    keep = [contract.keep.field] if contract.keep else []
    withdrawn = [contract.withdrawn.field] if contract.withdrawn else []
    single = (getattr(fields, name) for name in TEXT_FIELDS)
    times = (several(getattr(fields, name)) for name in OPTIONAL_TIMES)
    required = [*several(fields.text), *several(fields.occurred_at), *channel, *keep]
    optional = [*withdrawn, *(path for path in single if path), *(path for paths in times for path in paths)]
    return Columns.of(required, optional)


class Mapper:
    """Applies one contract and window to the records of a file.

    ``typed`` says that the file's values have types, so its times are ISO 8601 whatever the contract says.
    """

    def __init__(self, contract: SourceContract, window: Window, *, typed: bool) -> None:
        self.contract = contract
        self._typed = typed
        self._formats = ", ".join(contract.times.formats)
        self._first = datetime.combine(window.first_day, datetime.min.time(), UTC)
        self._last = window.now.astimezone(UTC) + CLOCK_SKEW

    def read(self, batch: SplitBatch) -> ReadBatch:
        """Turn split records into raw ones; each ends as a record, quarantined or filtered."""
        if batch.frame is None or batch.frame.is_empty():
            return ReadBatch(pl.DataFrame(schema=RAW_SCHEMA), quarantine_frame(batch.problems), 0)
        values, filtered = with_blanks_as_null(batch.frame, columns_of(self.contract).mapped), 0
        if self.contract.keep:
            values = values.filter(_chosen(self.contract.keep))
            filtered = batch.frame.height - values.height
        records = self._records(values)
        good = records["reason"].is_null()
        problems = batch.problems
        if not good.all():
            problems = sorted([*problems, *self._problems(records.filter(~good))])
            records = records.filter(good)
        return ReadBatch(records.select(RAW_SCHEMA.names()), quarantine_frame(problems), filtered)

    def _records(self, values: pl.DataFrame) -> pl.DataFrame:
        """Return all records in the shape of raw ones, with ``reason``: why it is none (null: it is one)."""
        fields = self.contract.fields
        times = {name: getattr(fields, name) for name in OPTIONAL_TIMES}
        frame = values.select(
            "record_number",
            "line_number",
            "raw_record",
            channel_value=self._channel_value(),
            channel=self._channel(),
            text=joined(fields.text),
            original_timestamp=joined(fields.occurred_at),
            withdrawn=_chosen(self.contract.withdrawn) if self.contract.withdrawn else pl.lit(value=False),
            **{name: joined(getattr(fields, name)) for name in TEXT_FIELDS},
            **{name: joined(paths) for name, paths in times.items() if paths},
            **{name: pl.lit(None, dtype=INSTANT) for name, paths in times.items() if not paths},
        )
        occurred = self._times(frame["original_timestamp"])
        sent = {name: self._times(frame[name])["instant"] for name, paths in times.items() if paths}
        frame = frame.with_columns(
            occurred["instant"].alias("occurred_at"),
            *(instants.alias(f"read:{name}") for name, instants in sent.items()),
        )
        frame = frame.with_columns(
            *(pl.when(self._is_in_range(f"read:{name}")).then(f"read:{name}").alias(name) for name in sent),
            time_flags=self._time_flags(sent),
        )
        zone = pl.when(occurred["absolute"]).then(pl.lit("UTC")).otherwise(pl.lit(self.contract.times.zone))
        return frame.with_columns(original_timezone=zone, reason=self._reason())

    def _is_in_range(self, name: str) -> pl.Expr:
        return pl.col(name).is_between(self._first, self._last)

    def _time_flags(self, sent: Iterable[str]) -> pl.Expr:
        """Say which of the optional times hold something that can't be used, and why; null if all can."""
        flags = [
            pl.when(pl.col(name).is_not_null() & pl.col(f"read:{name}").is_null())
            .then(pl.lit(f"{name} unreadable"))
            .when(~self._is_in_range(f"read:{name}"))
            .then(pl.lit(f"{name} out of range"))
            for name in sent
        ]
        if not flags:
            return pl.lit(None, dtype=pl.String)
        joined = pl.concat_str(flags, separator=FLAG_SEPARATOR, ignore_nulls=True)
        return pl.when(pl.any_horizontal(flag.is_not_null() for flag in flags)).then(joined)

    def _times(self, texts: pl.Series) -> pl.DataFrame:
        return parse_times(texts, self.contract.times, also_iso=self._typed)

    def _channel(self) -> pl.Expr:
        channel = self.contract.channel
        if isinstance(channel, str):
            return pl.lit(channel)
        return self._channel_value().replace_strict(channel.values, default=None, return_dtype=pl.String)

    def _channel_value(self) -> pl.Expr:
        channel = self.contract.channel
        return _trimmed(channel.field) if isinstance(channel, ChannelMap) else pl.lit(None, dtype=pl.String)

    def _reason(self) -> pl.Expr:
        """Why a row is no raw record; the first reason counts."""
        time = pl.col("occurred_at")
        return (
            pl.when(pl.col("channel").is_null())
            .then(pl.lit(QuarantineReason.UNKNOWN_CHANNEL.value))
            .when(pl.col("withdrawn") & pl.col("source_id").is_null())
            .then(pl.lit(QuarantineReason.MALFORMED_RECORD.value))
            .when(pl.col("text").is_null() & ~pl.col("withdrawn"))
            .then(pl.lit(QuarantineReason.MISSING_TEXT.value))
            .when(pl.col("original_timestamp").is_null())
            .then(pl.lit(QuarantineReason.MISSING_TIME.value))
            .when(time.is_null())
            .then(pl.lit(QuarantineReason.UNREADABLE_TIME.value))
            .when(time < self._first)
            .then(pl.lit(QuarantineReason.BEFORE_HISTORY.value))
            .when(time > self._last)
            .then(pl.lit(QuarantineReason.IN_THE_FUTURE.value))
        )

    def _problems(self, bad: pl.DataFrame) -> list[Problem]:
        """Say of each record that is none why, in words."""
        columns = ("record_number", "line_number", "reason", "original_timestamp", "channel_value")
        return [
            Problem(number, line, QuarantineReason(why), self._detail(QuarantineReason(why), time, channel))
            for number, line, why, time, channel in bad.select(columns).iter_rows()
        ]

    def _detail(self, reason: QuarantineReason, time: str | None, channel: str | None) -> str:
        if reason is QuarantineReason.UNKNOWN_CHANNEL:
            return self._unknown_channel(channel)
        text, when = listed(several(self.contract.fields.text)), listed(several(self.contract.fields.occurred_at))
        written = f"{when} is {describe_time(time or '')}"
        last = self._last - CLOCK_SKEW
        return {
            QuarantineReason.MISSING_TEXT: f"{text} is empty; a complaint needs words",
            QuarantineReason.MISSING_TIME: f"{when} is empty; nobody knows to which day the record belongs",
            QuarantineReason.UNREADABLE_TIME: f"{written}, no time by the contract's formats ({self._formats})",
            QuarantineReason.BEFORE_HISTORY: f"{written}, before the first day of history ({self._first:%Y-%m-%d})",
            QuarantineReason.IN_THE_FUTURE: f"{written}, more than a day after it was read ({last:%Y-%m-%d %H:%M} UTC)",
            QuarantineReason.MALFORMED_RECORD: (
                f"withdraws a record, but does not say which: {self.contract.fields.source_id!r} is empty"
            ),
        }[reason]

    def _unknown_channel(self, value: str | None) -> str:
        channel = self.contract.channel
        field, known = (channel.field, channel.values) if isinstance(channel, ChannelMap) else ("", {})
        what = f"holds a value of {len(value)} characters that is" if value else "is empty, which is"
        return f"{field!r} {what} not in the contract's map (it knows {listed(list(known))}); add it, or filter it out"


def _trimmed(path: str) -> pl.Expr:
    """The values at ``path`` without white space around them, for comparisons."""
    return pl.col(value_column(path)).str.strip_chars()


def _chosen(values: ValueFilter) -> pl.Expr:
    """Whether the value is one of those named; never null."""
    return _trimmed(values.field).is_in(values.values).fill_null(value=False)


TIME_SHAPE = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
    r"([T ]+[0-9]{1,2}:[0-9]{2}[0-9:.,]{0,12} ?(Z|[AaPp][Mm]|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def describe_time(value: str) -> str:
    """Return a value as written if only a time can look like that; otherwise only how long it is.

    A value in the place of a time may be anything, also a name or a telephone number.
    """
    value = value.strip()
    if TIME_SHAPE.fullmatch(value):
        return repr(value)
    kind = "a number" if value.isdecimal() else "a text"
    return f"{kind} of {len(value)} characters"
