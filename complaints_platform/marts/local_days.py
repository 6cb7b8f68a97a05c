"""Days of the company's own time zone. Stored days are UTC; a UTC day holds parts of two local ones at most."""

import polars as pl


def local_day(time: str, zone: str) -> pl.Expr:
    """Return the day (Date) that a time (UTC) falls on in a zone (IANA)."""
    return pl.col(time).dt.convert_time_zone(zone).dt.date()
