"""Days of the company's own time zone. Stored days are UTC; a UTC day holds parts of two local ones at most."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl


def local_day(time: str, zone: str) -> pl.Expr:
    """Return the day (Date) that a time (UTC) falls on in a zone (IANA)."""
    return pl.col(time).dt.convert_time_zone(zone).dt.date()


def last_local_day(day: date, zone: str) -> date:
    """Return the last day of a zone (IANA) that is over when a UTC day ends: that day, or west of UTC the one before.

    All of it happened on that UTC day and the one before.
    """
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    return end.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
