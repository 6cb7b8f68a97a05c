"""Which time zones there are. Not here: conversions of times (``sources/times.py``)."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all IANA time zones; looking for them reads through folders, so once for a process."""
    return frozenset(available_timezones())
