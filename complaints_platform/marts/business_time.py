"""Business time: how much of a span lies within working hours, and when a span of working hours ends.

Hours are those of the clock on the wall of one time zone, holidays included, so a day on which clocks change has
as many working hours as any other. All arithmetic on UTC instants; nothing here knows complaints.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from complaints_platform.errors import SettingsError

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_OF_DAYS = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
MINUTES_OF_DAY = 24 * 60
MICROSECONDS_OF_MINUTE = 60_000_000
YEARS_AHEAD = 1
"""Deadlines are looked for until the end of the year after the last time."""

Instants = npt.NDArray[np.int64]
"""Microseconds since 1970 (UTC)."""


@dataclass(frozen=True)
class WorkingHours:
    """When work is done: weekday (0 is Monday) → first minute of the day and the one after the last."""

    of_weekday: tuple[tuple[int, int] | None, ...]

    @classmethod
    def parse(cls, text: str) -> "WorkingHours":
        """Read hours such as ``Mon-Fri 09:00-17:00, Sat 10:00-14:00``; days that are not named are free.

        Raises:
            SettingsError: the text is written otherwise, names a day twice, or a day ends before it begins.
        """
        hours: dict[int, tuple[int, int]] = {}
        for part in text.split(","):
            match = HOURS_OF_DAYS.fullmatch(part.strip())
            if match is None or not {match[1], match[2] or match[1]} <= set(WEEKDAYS):
                raise SettingsError(
                    f"COMPLAINTS_BUSINESS_HOURS: {part.strip()!r} are no hours; an example is Mon-Fri 09:00-17:00"
                )
            first, last = WEEKDAYS.index(match[1]), WEEKDAYS.index(match[2] or match[1])
            begin, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
            if last < first or not begin < end <= MINUTES_OF_DAY or hours.keys() & set(range(first, last + 1)):
                raise SettingsError(
                    f"COMPLAINTS_BUSINESS_HOURS: {part.strip()!r} names a day twice, or ends before it begins"
                )
            hours.update(dict.fromkeys(range(first, last + 1), (begin, end)))
        return cls(tuple(hours.get(weekday) for weekday in range(len(WEEKDAYS))))


@dataclass(frozen=True)
class BusinessCalendar:
    """Working hours in a time zone, without the public holidays of a country."""

    zone: str
    hours: WorkingHours
    holidays: str = ""
    """Country (ISO 3166) and, if need be, its part: ``NG``, ``DE-BY``; empty: no holidays."""

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """All that decides what is business time; holidays are what one version of the library says."""
        return (self.zone, self.hours, self.holidays, _library_version() if self.holidays else "")

    def minutes_between(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Return the minutes of working hours between two times (Datetime, UTC, in microseconds).

        Float64; null where a time is null, never negative.
        """
        known = (start.is_not_null() & end.is_not_null()).to_numpy()
        result = np.full(len(start), np.nan)
        if known.any():
            first, last = _instants(start)[known], _instants(end)[known]
            open_hours = _open_hours(self, *_years(min(first.min(), last.min()), max(first.max(), last.max())))
            worked = open_hours.elapsed(last) - open_hours.elapsed(first)
            result[known] = np.maximum(worked, 0) / MICROSECONDS_OF_MINUTE
        return pl.Series(start.name, result).fill_nan(None)

    def after(self, start: pl.Series, minutes: pl.Series) -> pl.Series:
        """Return when so many minutes (Float64, above 0) of working hours have passed since a time (UTC, microseconds).

        Null where an argument is null, and where the working hours of this year and the next do not suffice.
        """
        known = (start.is_not_null() & minutes.is_not_null()).to_numpy()
        result = pl.Series(start.name, [None] * len(start), dtype=pl.Datetime("us", "UTC"))
        if not known.any():
            return result
        begin = _instants(start)[known]
        first, last = _years(begin.min(), begin.max())
        open_hours = _open_hours(self, first, last + YEARS_AHEAD)
        amount = (minutes.to_numpy()[known] * MICROSECONDS_OF_MINUTE).astype(np.int64)
        found = open_hours.reached(open_hours.elapsed(begin) + amount)
        return result.scatter(np.flatnonzero(known), found)


def public_holidays(place: str, first_year: int, last_year: int) -> frozenset[date]:
    """Return the public holidays of some years at a place (as ``BusinessCalendar.holidays``; empty: none).

    Raises:
        SettingsError: the place is not known.
    """
    if not place:
        return frozenset()
    import holidays

    country, _, part = place.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=part or None, years=range(first_year, last_year + 1))
    except NotImplementedError as error:
        raise SettingsError(f"COMPLAINTS_HOLIDAYS: {place!r}: {error}") from None
    return frozenset(days)


@dataclass(frozen=True)
class _OpenHours:
    """Spans of working hours, in order, and how much work was done before each."""

    begins: Instants
    ends: Instants
    before: Instants

    def elapsed(self, times: Instants) -> Instants:
        """Return the working time from the first span until some times."""
        index = np.maximum(np.searchsorted(self.begins, times, side="right") - 1, 0)
        within = np.clip(times, self.begins[index], self.ends[index]) - self.begins[index]
        return self.before[index] + within

    def reached(self, amounts: Instants) -> pl.Series:
        """Return when so much work is done; null if never."""
        index = np.searchsorted(self.before + (self.ends - self.begins), amounts, side="left")
        there = index < len(self.begins)
        index = np.minimum(index, len(self.begins) - 1)
        times = pl.Series(self.begins[index] + amounts - self.before[index]).cast(pl.Datetime("us", "UTC"))
        return times.zip_with(pl.Series(there), pl.Series([None], dtype=times.dtype).new_from_index(0, len(times)))


@cache
def _library_version() -> str:
    return version("holidays")


@lru_cache(maxsize=8)
def _open_hours(calendar: BusinessCalendar, first_year: int, last_year: int) -> _OpenHours:
    """Return the working hours of some years, a day more at each end for zones far from UTC."""
    zone, free = ZoneInfo(calendar.zone), public_holidays(calendar.holidays, first_year - 1, last_year + 1)
    spans = [
        (_instant(day, hours[0], zone), _instant(day, hours[1], zone))
        for day in _days(date(first_year, 1, 1) - timedelta(days=1), date(last_year, 12, 31) + timedelta(days=1))
        if (hours := calendar.hours.of_weekday[day.weekday()]) and day not in free
    ]
    begins, ends = (np.array(values, dtype=np.int64) for values in zip(*spans, strict=True))
    return _OpenHours(begins, ends, np.concatenate([[0], np.cumsum(ends - begins)[:-1]]))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Return when the clock on the wall shows that minute: of an hour that comes twice, the first time.

    Of an hour that is left out, no minute is ever shown: then it is when the next one is.
    """
    local = datetime.combine(day, time(0), zone) + timedelta(minutes=minute)
    while local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        local += timedelta(minutes=1)
    return round(local.timestamp()) * 1_000_000


def _instants(times: pl.Series) -> Instants:
    return times.dt.timestamp("us").fill_null(0).to_numpy()


def _years(first: np.int64, last: np.int64) -> tuple[int, int]:
    begin, end = (datetime.fromtimestamp(int(instant) / 1e6, UTC).year for instant in (first, last))
    return begin, end
