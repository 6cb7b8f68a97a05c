"""From split records to raw records: what the contract says of fields, channels, times and filters.

How records are told apart does not belong here.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from complaints_platform.schemas import QuarantineReason, RawRecord
from complaints_platform.schemas.model import polars_schema
from complaints_platform.sources.batches import (
    Problem,
    ReadBatch,
    SplitBatch,
    UnreadableFileError,
    Window,
    quarantine_frame,
    value_column,
)
from complaints_platform.sources.contract import ChannelMap, SourceContract, ValueFilter
from complaints_platform.sources.times import INSTANT, parse_times

CLOCK_SKEW = timedelta(days=1)
"""How far beyond the present a complaint may lie: clocks go wrong, and zones are left out, by hours."""

TEXT_FIELDS = ("source_id", "customer", "agent", "thread", "region", "product", "status", "language")
OPTIONAL_TIMES = ("updated_at", "first_response_at", "resolved_at")
RAW_SCHEMA = polars_schema(RawRecord)

MAX_SHOWN_COLUMNS = 40
COLUMN_NAME = re.compile(r"[^\W\d][\w .#/()%:&-]{0,59}")


def mapped_paths(contract: SourceContract) -> list[str]:
    """All columns, or paths into nested objects, that ``contract`` looks at; each once."""
    fields = contract.fields
    single = (getattr(fields, name) for name in TEXT_FIELDS)
    several = (_several(getattr(fields, name)) for name in OPTIONAL_TIMES)
    withdrawn = [contract.withdrawn.field] if contract.withdrawn else []
    paths = [
        *required_paths(contract),
        *withdrawn,
        *(path for path in single if path),
        *(p for ps in several for p in ps),
    ]
    return list(dict.fromkeys(paths))


def required_paths(contract: SourceContract) -> list[str]:
    """The columns without which no record can be read: text, time, channel, filter; each once."""
    channel = [contract.channel.field] if isinstance(contract.channel, ChannelMap) else []
    keep = [contract.keep.field] if contract.keep else []
    paths = [*_several(contract.fields.text), *_several(contract.fields.occurred_at), *channel, *keep]
    return list(dict.fromkeys(paths))


def _several(paths: str | list[str] | None) -> list[str]:
    return [paths] if isinstance(paths, str) else paths or []


def require_columns(names: Sequence[str], required: Iterable[str], *, nested: bool = False) -> None:
    """Make sure that all of ``required`` are there; of a path into a nested column, its first part.

    Raises:
        UnreadableFileError: one is missing; the detail names what there is.
    """
    there = set(names)
    missing = [path for path in required if path not in there and not (nested and path.split(".")[0] in there)]
    if missing:
        raise UnreadableFileError(
            QuarantineReason.MISSING_COLUMN,
            f"has no column {_listed(missing)}; {_shown(names)}; "
            "correct the contract's fields and format, or ask the sender",
        )


def refuse_twice(names: Sequence[str], paths: Iterable[str]) -> None:
    """Make sure that no mapped column is there twice.

    Raises:
        UnreadableFileError: one is.
    """
    twice = [path for path in paths if names.count(path) > 1]
    if twice:
        raise UnreadableFileError(
            QuarantineReason.DUPLICATE_HEADER,
            f"has several columns {_listed(twice)}: nobody can say which is meant; ask the sender",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _shown(names: Sequence[str]) -> str:
    """List columns for people, unless they may be the record of a file without a header."""
    if not all(COLUMN_NAME.fullmatch(name) for name in names if name):
        return f"its first line has {len(names)} fields and does not look like a header"
    more = f" and {len(names) - MAX_SHOWN_COLUMNS} more" if len(names) > MAX_SHOWN_COLUMNS else ""
    return f"its columns are {_listed(names[:MAX_SHOWN_COLUMNS])}{more}"


class Mapper:
    """Applies one contract and window to the records of a file.

    Args:
        contract: The source's contract.
        window: When its complaints may have occurred.
        typed: The file's values have types, so its times are ISO 8601 whatever the contract says.
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
        values = _Values(batch.frame)
        kept = values.chosen(self.contract.keep) if self.contract.keep else None
        filtered = 0
        if kept is not None and not kept.all():
            values = _Values(batch.frame.filter(kept))
            filtered = batch.frame.height - values.frame.height
        records, reason = self._records(values)
        good = reason.is_null()
        if good.all():
            return ReadBatch(records, quarantine_frame(batch.problems), filtered)
        bad = self._problems(values, reason)
        return ReadBatch(records.filter(good), quarantine_frame(sorted([*batch.problems, *bad])), filtered)

    def _records(self, values: "_Values") -> tuple[pl.DataFrame, pl.Series]:
        """Return all records in the shape of raw ones, and for each why it is none (null: it is one)."""
        fields = self.contract.fields
        occurred = parse_times(values.joined(fields.occurred_at), self.contract.times, also_iso=self._typed)
        columns: dict[str, Any] = {
            "channel": self._channel(values),
            "text": values.joined(fields.text),
            "occurred_at": occurred["instant"],
            "original_timestamp": values.joined(fields.occurred_at),
            "withdrawn": self._withdrawn(values),
            **{name: values.joined(getattr(fields, name)) for name in TEXT_FIELDS},
            **{name: self._optional_time(values, getattr(fields, name)) for name in OPTIONAL_TIMES},
        }
        frame = values.frame.select("record_number", "line_number", "raw_record").with_columns(**columns)
        zone = pl.when(occurred["absolute"]).then(pl.lit("UTC")).otherwise(pl.lit(self.contract.times.zone))
        frame = frame.with_columns(original_timezone=zone).select(RAW_SCHEMA.names())
        return frame, frame.select(self._reason()).to_series()

    def _channel(self, values: "_Values") -> pl.Series | pl.Expr:
        channel = self.contract.channel
        if isinstance(channel, str):
            return pl.lit(channel)
        return values.trimmed(channel.field).replace_strict(channel.values, default=None, return_dtype=pl.String)

    def _withdrawn(self, values: "_Values") -> pl.Series | pl.Expr:
        return values.chosen(self.contract.withdrawn) if self.contract.withdrawn else pl.lit(value=False)

    def _optional_time(self, values: "_Values", paths: str | list[str] | None) -> pl.Series | pl.Expr:
        if paths is None:
            return pl.lit(None, dtype=INSTANT)
        return parse_times(values.joined(paths), self.contract.times, also_iso=self._typed)["instant"]

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

    def _problems(self, values: "_Values", reason: pl.Series) -> list[Problem]:
        """Say of each record that is none why, in words."""
        bad = values.frame.select("record_number", "line_number").with_columns(
            reason=reason,
            time=values.joined(self.contract.fields.occurred_at),
            channel=self._channel_value(values),
        )
        return [
            Problem(number, line, QuarantineReason(why), self._detail(QuarantineReason(why), time, channel))
            for number, line, why, time, channel in bad.filter(reason.is_not_null()).iter_rows()
        ]

    def _channel_value(self, values: "_Values") -> pl.Series | pl.Expr:
        channel = self.contract.channel
        return values.trimmed(channel.field) if isinstance(channel, ChannelMap) else pl.lit(None, dtype=pl.String)

    def _detail(self, reason: QuarantineReason, time: str | None, channel: str | None) -> str:
        if reason is QuarantineReason.UNKNOWN_CHANNEL:
            return self._unknown_channel(channel)
        text, when = _listed(_several(self.contract.fields.text)), _listed(_several(self.contract.fields.occurred_at))
        written = f"{when} is {shown_time(time or '')}"
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
        return f"{field!r} {what} not in the contract's map (it knows {_listed(list(known))}); add it, or filter it out"


class _Values:
    """The values of split records, with blank ones as null."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._blank_removed: dict[str, pl.Series] = {}

    def at(self, path: str) -> pl.Series:
        """The values at ``path``, as sent; null where they are white space only."""
        if path not in self._blank_removed:
            name = value_column(path)
            if name not in self.frame.columns:
                series = pl.Series([None], dtype=pl.String).new_from_index(0, self.frame.height)
            else:
                series = self.frame[name]
                blank = series.str.strip_chars().str.len_bytes() == 0
                if blank.any():
                    series = pl.select(pl.when(~blank).then(series)).to_series()
            self._blank_removed[path] = series
        return self._blank_removed[path]

    def trimmed(self, path: str) -> pl.Series:
        """The values at ``path`` without white space around them, for comparisons."""
        return self.at(path).str.strip_chars()

    def chosen(self, values: ValueFilter) -> pl.Series:
        """Whether the value is one of those named; Boolean without nulls."""
        return self.trimmed(values.field).is_in(values.values).fill_null(value=False)

    def joined(self, paths: str | list[str] | None) -> pl.Series:
        """The values at ``paths``, joined by a space; null where all are."""
        several = _several(paths)
        if len(several) == 1:
            return self.at(several[0])
        if not several:
            return pl.Series([None], dtype=pl.String).new_from_index(0, self.frame.height)
        parts = pl.DataFrame({f"{index}": self.at(path) for index, path in enumerate(several)})
        text = pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)
        return parts.select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(text)).to_series()


TIME_SHAPE = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
    r"([T ]+[0-9]{1,2}:[0-9]{2}[0-9:.,]{0,12} ?(Z|[AaPp][Mm]|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def shown_time(value: str) -> str:
    """Show a value if nothing but a time looks like that; otherwise only how long it is.

    A value in the place of a time may be anything, also a name or a telephone number.
    """
    value = value.strip()
    if TIME_SHAPE.fullmatch(value):
        return repr(value)
    kind = "a number" if value.isdecimal() else "a text"
    return f"{kind} of {len(value)} characters"
