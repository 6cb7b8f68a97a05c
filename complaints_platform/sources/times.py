"""From times as senders write them to instants in UTC, many at once.

Naive times are local to the contract's zone. Where clocks go back, a local time that exists
twice is read as the earlier of its two instants; where they go forward, a local time that does
not exist is shifted forward by the gap. Both are what ``fold=0`` means in PEP 495.
"""

import re
import warnings
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

import polars as pl

from complaints_platform.errors import ContractError
from complaints_platform.sources.contract import Times

INSTANT = pl.Datetime("us", "UTC")

FOUND_SCHEMA = pl.Schema([("instant", INSTANT), ("absolute", pl.Boolean()), ("row", pl.UInt32())])

MICROSECONDS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}

# Python's datetime, and most of what reads the lake, knows the years 1 to 9999 only.
EARLIEST_US = -62_135_596_800_000_000
LATEST_US = 253_402_300_799_999_999

COMMON_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    r"(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
COMMON_ISO_HEAD = len("2026-03-29T02:30:00")

OTHER_ISO = re.compile(
    r"(?P<year>[0-9]{4})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
    r"(?:[T ]+(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?)?"
    r"(?: ?(?P<offset>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?",
    re.IGNORECASE,
)


def parse_times(texts: pl.Series, times: Times, *, also_iso: bool = False) -> pl.DataFrame:
    """Read times; each text by the first format that fits it.

    Args:
        texts: String; white space around a time is ignored.
        times: The contract's zone and formats. A strftime pattern follows chrono's rules
            (https://docs.rs/chrono/latest/chrono/format/strftime), with Python's meaning of
            ``.%f`` (a fraction of any length); parts that it lacks are zero.
        also_iso: Try ISO 8601 after all formats: for files whose times are no text.

    Returns:
        As many rows as ``texts``: ``instant`` (Datetime, microseconds, UTC; null if unreadable
        or outside the years 1 to 9999) and ``absolute`` (Boolean: the text said the offset
        itself, or counts from the epoch; otherwise it was read by the contract's zone).

    Raises:
        ContractError: a format is no usable strftime pattern.
    """
    formats = [*times.formats, "iso8601"] if also_iso and "iso8601" not in times.formats else times.formats
    trimmed = texts.str.strip_chars().alias("text")
    if not trimmed.null_count() and texts.len():
        read = _by_format(trimmed, formats[0], times)
        if not read["instant"].null_count():
            return read  # what nearly every file comes to: one format, which fits everywhere
    remaining = trimmed.to_frame().with_row_index("row").filter(pl.col("text").is_not_null())
    parsed: list[pl.DataFrame] = []
    for pattern in formats:
        if remaining.is_empty():
            break
        rows = _by_format(remaining["text"], pattern, times).with_columns(row=remaining["row"])
        found = rows["instant"].is_not_null()
        parsed.append(rows.filter(found))
        remaining = remaining.filter(~found)
    return _in_place(parsed, texts.len())


def check_formats(times: Times) -> None:
    """Try every format once, so that a wrong one shows before the first file is read.

    Raises:
        ContractError: a format is no usable strftime pattern.
    """
    for pattern in times.formats:
        if "%" in pattern:
            _check_pattern(pattern)


@cache
def _check_pattern(pattern: str) -> None:
    _strptime(pl.Series(["2026-01-01"]), pattern)


def _in_place(parsed: list[pl.DataFrame], height: int) -> pl.DataFrame:
    """Put rows found by several formats back where their texts stood."""
    places = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    found = pl.concat(parsed) if parsed else pl.DataFrame(schema=FOUND_SCHEMA)
    return places.join(found, on="row", how="left", maintain_order="left").select("instant", "absolute")


def _by_format(texts: pl.Series, pattern: str, times: Times) -> pl.DataFrame:
    """Read ``texts`` (no nulls, named ``text``) by one format; ``instant`` is null where it does not fit."""
    if pattern in MICROSECONDS:
        return _from_epoch(texts, MICROSECONDS[pattern])
    if pattern == "iso8601":
        return _from_iso(texts, times)
    return _from_pattern(texts, pattern, times)


def _from_epoch(texts: pl.Series, unit: int) -> pl.DataFrame:
    """Read counts of ``unit`` microseconds since 1970, whole or with a fraction."""
    limit = LATEST_US // unit
    whole = pl.col("text").cast(pl.Int64, strict=False)
    read = texts.to_frame().select("text", us=pl.when(whole.is_between(-limit, limit)).then(whole * unit))
    if read["us"].null_count():
        # A double holds microseconds exactly up to 2^53, which is the year 2255.
        number = pl.col("text").cast(pl.Float64, strict=False)
        rounded = pl.when(number.is_between(-limit, limit)).then((number * unit).round())
        read = read.with_columns(us=pl.col("us").fill_null(rounded.cast(pl.Int64, strict=False)))
    return read.select(instant=_bounded(pl.col("us")), absolute=pl.lit(value=True))


def _bounded(microseconds: pl.Expr) -> pl.Expr:
    """Turn microseconds since 1970 into instants; null outside the years 1 to 9999."""
    inside = pl.when(microseconds.is_between(EARLIEST_US, LATEST_US)).then(microseconds)
    return inside.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _from_pattern(texts: pl.Series, pattern: str, times: Times) -> pl.DataFrame:
    read = _strptime(texts, pattern)
    absolute = "%s" in pattern or (isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone is not None)
    local = read.to_physical()
    if absolute:
        return local.to_frame("us").select(instant=_bounded(pl.col("us")), absolute=pl.lit(value=True))
    return pl.DataFrame({"instant": _localised(local, times)}).with_columns(absolute=pl.lit(value=False))


def _strptime(texts: pl.Series, pattern: str) -> pl.Series:
    """Read texts by a pattern; null where it does not fit.

    Raises:
        ContractError: it is no usable pattern.
    """
    try:
        with warnings.catch_warnings():
            # Polars warns of every %f it did not expect; which ones are right is decided here.
            warnings.simplefilter("ignore", pl.exceptions.ChronoFormatWarning)
            return texts.str.to_datetime(pattern.replace(".%f", "%.f"), strict=False, time_unit="us")
    except pl.exceptions.ComputeError as error:
        reason = str(error).splitlines()[0]
        raise ContractError(f"times.formats: {pattern!r} can't be used to read times: {reason}") from error


def _localised(local: pl.Series, times: Times) -> pl.Series:
    """Turn local wall-clock microseconds into instants by the contract's zone."""
    bounded = _bounded(pl.col("us"))
    if times.zone == "UTC":
        return local.to_frame("us").select(bounded).to_series()
    naive = bounded.dt.replace_time_zone(None)
    zoned = naive.dt.replace_time_zone(times.zone, ambiguous="earliest", non_existent="null")
    read = local.to_frame("us").select(naive=naive, instant=_bounded(zoned.dt.convert_time_zone("UTC").to_physical()))
    instants = read["instant"]
    if instants.null_count() > read["naive"].null_count():
        gaps = (instants.is_null() & read["naive"].is_not_null()).arg_true()
        shifted = [_shifted(value, times) for value in read["naive"].gather(gaps)]
        instants = instants.clone().scatter(gaps, pl.Series(shifted, dtype=INSTANT))
    return instants


def _shifted(local: datetime, times: Times) -> datetime | None:
    try:
        return local.replace(tzinfo=times.zone_info, fold=0).astimezone(UTC)
    except OverflowError:  # the first or last hours of the years that there are
        return None


def _from_iso(texts: pl.Series, times: Times) -> pl.DataFrame:
    """Read ISO 8601: the common form by vector, all others one by one."""
    common = texts.str.contains(COMMON_ISO)
    if common.all():
        return _from_common_iso(texts, times)
    result = pl.concat([_from_common_iso(texts.filter(common), times), _from_other_iso(texts.filter(~common), times)])
    order = pl.concat([common.arg_true(), (~common).arg_true()])
    return result[order.arg_sort()]


def _from_common_iso(texts: pl.Series, times: Times) -> pl.DataFrame:
    """Read texts of the form ``COMMON_ISO``: date, time to the second, fraction and offset if any."""
    head = pl.col("text").str.slice(0, COMMON_ISO_HEAD).str.replace(" ", "T", literal=True)
    read = texts.to_frame().select(
        us=head.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us").to_physical(),
        tail=pl.col("text").str.slice(COMMON_ISO_HEAD),
    )
    tails = read["tail"].unique()
    meaning = pl.DataFrame([_read_tail(text) for text in tails], schema=TAIL_SCHEMA, orient="row")
    if tails.len() == 1:
        read = read.with_columns(meaning[name].new_from_index(0, read.height) for name in TAIL_SCHEMA)
    else:
        read = read.join(meaning.with_columns(tail=tails), on="tail", how="left", maintain_order="left")
    read = read.with_columns(us=pl.col("us") + pl.col("fraction_us"))
    absolute = read["absolute"]
    if absolute.all():
        return read.select(instant=_bounded(pl.col("us") - pl.col("offset_us")), absolute="absolute")
    local = _localised(read["us"], times)
    if not absolute.any():
        return pl.DataFrame({"instant": local, "absolute": absolute})
    aware = _bounded(pl.col("us") - pl.col("offset_us"))
    return read.select(instant=pl.when("absolute").then(aware).otherwise(local), absolute="absolute")


TAIL_SCHEMA = {"fraction_us": pl.Int64, "offset_us": pl.Int64, "absolute": pl.Boolean}
TAIL = re.compile(r"(?:[.,]([0-9]+))?(.*)")


def _read_tail(tail: str) -> tuple[int, int | None, bool]:
    """Read what follows the seconds: microseconds, offset in microseconds (null: no such offset), says offset."""
    match = TAIL.fullmatch(tail)
    fraction, offset = match.groups() if match else (None, "")
    return _microseconds(fraction), _offset_us(offset), bool(offset)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def _offset_us(offset: str) -> int | None:
    """Microseconds that a written offset lies east of UTC; null if there is no such offset."""
    digits = offset[1:].replace(":", "").ljust(4, "0")
    if not offset or not digits.isdecimal():
        return 0
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours >= 24 or minutes >= 60:  # noqa: PLR2004 - hours of a day, minutes of an hour
        return None
    return (-1 if offset[0] == "-" else 1) * (hours * 60 + minutes) * 60_000_000


def _from_other_iso(texts: pl.Series, times: Times) -> pl.DataFrame:
    """Read the rarer ISO forms. Dates without a time repeat a lot, so each text is read once."""
    unique = texts.unique()
    rows = [_read_other_iso(text, times) for text in unique]
    known = pl.DataFrame(rows, schema={"instant": INSTANT, "absolute": pl.Boolean}, orient="row")
    known = known.with_columns(text=unique)
    read = pl.DataFrame({"text": texts}).join(known, on="text", how="left", maintain_order="left")
    return read.select("instant", "absolute")


def _read_other_iso(text: str, times: Times) -> tuple[datetime | None, bool]:
    match = OTHER_ISO.fullmatch(text)
    if match is None:
        return None, False
    offset = match["offset"] or ""
    east_us = _offset_us(offset)
    if east_us is None:
        return None, True
    zone = timezone(timedelta(microseconds=east_us)) if offset else times.zone_info
    try:
        return _wall_clock(match).replace(tzinfo=zone, fold=0).astimezone(UTC), bool(offset)
    except (ValueError, OverflowError):
        return None, bool(offset)


def _wall_clock(match: re.Match[str]) -> datetime:
    """Build the local time; 24:00 is the end of the day, as ISO 8601 has it."""
    day = datetime(int(match["year"]), int(match["month"]), int(match["day"]))  # noqa: DTZ001 - the zone comes later
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if (hour, minute, second) == (24, 0, 0):
        return day + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=_microseconds(match["fraction"]))
