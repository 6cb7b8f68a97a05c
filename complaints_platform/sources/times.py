"""From times as senders write them to instants in UTC, many at once.

Only the reading of times belongs here; whether an instant is plausible is ``mapping``'s concern.

Naive times are local to the contract's zone. Where clocks go back, a local time that exists
twice is read as the earlier of its two instants; where they go forward, a local time that does
not exist is shifted forward by the gap. Both are what ``fold=0`` means in PEP 495.
"""

import re
import warnings
from datetime import UTC, datetime, timedelta, timezone

import polars as pl

from complaints_platform.errors import ContractError
from complaints_platform.sources.contract import Times

INSTANT = pl.Datetime("us", "UTC")

FOUND_SCHEMA = pl.Schema([("instant", INSTANT), ("absolute", pl.Boolean()), ("row", pl.Int64())])

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
    remaining = pl.DataFrame({"row": pl.int_range(texts.len(), eager=True), "text": texts.str.strip_chars()})
    remaining = remaining.filter(pl.col("text").is_not_null())
    parsed: list[pl.DataFrame] = []
    for pattern in formats:
        if remaining.is_empty():
            break
        instants = _by_format(remaining["text"], pattern, times)
        found = instants["instant"].is_not_null()
        rows = instants.with_columns(row=remaining["row"])
        if found.all() and remaining.height == texts.len():
            return instants.select("instant", "absolute")
        parsed.append(rows.filter(found))
        remaining = remaining.filter(~found)
    return _in_place(parsed, texts.len())


def check_formats(times: Times) -> None:
    """Try every format once, so that a wrong one shows before the first file is read.

    Raises:
        ContractError: a format is no usable strftime pattern.
    """
    for pattern in times.formats:
        _by_format(pl.Series(["2026-01-01"]), pattern, times)


def _in_place(parsed: list[pl.DataFrame], height: int) -> pl.DataFrame:
    """Put rows found by several formats back where their texts stood."""
    places = pl.DataFrame({"row": pl.int_range(height, eager=True)})
    found = pl.concat(parsed) if parsed else pl.DataFrame(schema=FOUND_SCHEMA)
    return places.join(found, on="row", how="left", maintain_order="left").select("instant", "absolute")


def _by_format(texts: pl.Series, pattern: str, times: Times) -> pl.DataFrame:
    """Read ``texts`` (no nulls) by one format; ``instant`` is null where it does not fit."""
    if pattern in MICROSECONDS:
        instants = _from_epoch(texts, MICROSECONDS[pattern])
        return _result(instants, pl.repeat(value=True, n=texts.len(), dtype=pl.Boolean, eager=True))
    if pattern == "iso8601":
        return _from_iso(texts, times)
    return _from_pattern(texts, pattern, times)


def _result(instants: pl.Series, absolute: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"instant": instants, "absolute": absolute})


def _from_epoch(texts: pl.Series, unit: int) -> pl.Series:
    """Read counts of ``unit`` microseconds since 1970, whole or with a fraction."""
    whole = texts.cast(pl.Int64, strict=False)
    limit = LATEST_US // unit
    instants = pl.select(pl.when(whole.is_between(-limit, limit)).then(whole * unit)).to_series()
    if instants.null_count():
        # Seventeen significant digits hold microseconds of today exactly enough: 2^53 us is the year 2255.
        number = texts.cast(pl.Float64, strict=False)
        number = pl.select(pl.when(number.is_between(-limit, limit)).then((number * unit).round())).to_series()
        instants = instants.fill_null(number.cast(pl.Int64, strict=False))
    return _bounded(instants)


def _bounded(microseconds: pl.Series) -> pl.Series:
    """Turn microseconds since 1970 into instants; null outside the years 1 to 9999."""
    inside = microseconds.is_between(EARLIEST_US, LATEST_US)
    if not inside.all():
        microseconds = pl.select(pl.when(inside).then(microseconds)).to_series()
    return microseconds.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _from_pattern(texts: pl.Series, pattern: str, times: Times) -> pl.DataFrame:
    try:
        with warnings.catch_warnings():
            # Polars warns of every %f it did not expect; which ones are right is decided here.
            warnings.simplefilter("ignore", pl.exceptions.ChronoFormatWarning)
            read = texts.str.to_datetime(pattern.replace(".%f", "%.f"), strict=False, time_unit="us")
    except pl.exceptions.ComputeError as error:
        reason = str(error).splitlines()[0]
        raise ContractError(f"times.formats: {pattern!r} can't be used to read times: {reason}") from error
    says_zone = isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone is not None
    absolute = says_zone or "%s" in pattern
    instants = _bounded(read.to_physical()) if absolute else _localised(read.to_physical(), times)
    return _result(instants, pl.repeat(absolute, texts.len(), dtype=pl.Boolean, eager=True))


def _localised(local: pl.Series, times: Times) -> pl.Series:
    """Turn local wall-clock microseconds into instants by the contract's zone."""
    bounded = _bounded(local)
    if times.zone == "UTC":
        return bounded
    naive = bounded.dt.replace_time_zone(None)
    zoned = naive.dt.replace_time_zone(times.zone, ambiguous="earliest", non_existent="null")
    instants = zoned.dt.convert_time_zone("UTC")
    if instants.null_count() > naive.null_count():
        gaps = (instants.is_null() & naive.is_not_null()).arg_true()
        shifted = [_shifted(value, times) for value in naive.gather(gaps)]
        instants = instants.clone().scatter(gaps, pl.Series(shifted, dtype=INSTANT))
    return _bounded(instants.to_physical())


def _shifted(local: datetime, times: Times) -> datetime:
    return local.replace(tzinfo=times.zone_info, fold=0).astimezone(UTC)


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
    head = texts.str.slice(0, COMMON_ISO_HEAD).str.replace(" ", "T", literal=True)
    local = head.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us").to_physical()
    tail = texts.str.slice(COMMON_ISO_HEAD)
    if not (tail != "").any():
        return _result(_localised(local, times), pl.repeat(value=False, n=texts.len(), dtype=pl.Boolean, eager=True))
    tails = tail.unique()
    meaning = pl.DataFrame([_read_tail(text) for text in tails], schema=TAIL_SCHEMA, orient="row")
    by_tail = meaning.with_columns(tail=tails)
    means = pl.DataFrame({"tail": tail}).join(by_tail, on="tail", how="left", maintain_order="left")
    local = local + means["fraction_us"]
    absolute = means["absolute"]
    if absolute.all():
        return _result(_bounded(local - means["offset_us"]), absolute)
    instants = pl.select(
        pl.when(absolute).then(_bounded(local - means["offset_us"])).otherwise(_localised(local, times))
    ).to_series()
    return _result(instants, absolute)


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
