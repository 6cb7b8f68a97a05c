"""What is due by the clock: which days are closed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def days_to_close(now: datetime, zone: ZoneInfo) -> list[date]:
    """Return the days (UTC) that yesterday in ``zone`` overlaps, in order: one, or two.

    Args:
        now: the time, with a time zone.
        zone: the company's time zone.
    """
    today = now.astimezone(zone).date()
    # Midnights are made from dates: a day of a change of clocks has 23 or 25 hours.
    first = datetime.combine(today - timedelta(days=1), time(), zone).astimezone(UTC)
    last = datetime.combine(today, time(), zone).astimezone(UTC) - timedelta(microseconds=1)
    return [first.date() + timedelta(days=number) for number in range((last.date() - first.date()).days + 1)]
