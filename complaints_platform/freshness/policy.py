"""When what is stale is due: new data at once, a new way of making the same data as the company wants it.

And which days are closed by the clock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Policy:
    """The company's choice.

    Attributes:
        changes: at_once, at_night or by_hand.
        night: first hour of the night, and the hour in which it has ended.
        zone: of these hours.
    """

    changes: str
    night: tuple[int, int]
    zone: ZoneInfo

    def changes_are_due(self, now: datetime) -> bool:
        """Tell whether, at ``now`` (with a time zone), days are made again that new data did not touch."""
        return self.changes == "at_once" or (self.changes == "at_night" and self._is_night(now))

    def due(
        self,
        stale: Mapping[str, Sequence[date]],
        same_data: Mapping[str, Collection[date]],
        now: datetime,
        blocked: Collection[str] = (),
    ) -> dict[str, list[date]]:
        """Return table → days that are due at ``now`` (with a time zone), in order.

        ``same_data`` are those of the stale days whose data are the same, ``blocked`` the tables that can't be made.
        """
        left = {} if self.changes_are_due(now) else same_data
        due = {table: sorted(set(days).difference(left.get(table, ()))) for table, days in stale.items()}
        return {table: days for table, days in due.items() if days and table not in blocked}

    def _is_night(self, now: datetime) -> bool:
        first, end = self.night
        hour = now.astimezone(self.zone).hour
        return first <= hour < end if first < end else hour >= first or hour < end


def days_to_close(now: datetime, zone: ZoneInfo) -> list[date]:
    """Return the days (UTC), one or two, that yesterday in ``zone`` overlaps at ``now`` (with a zone), in order."""
    today = now.astimezone(zone).date()
    # Midnights are made from dates: a day of a change of clocks has 23 or 25 hours.
    first = datetime.combine(today - timedelta(days=1), time(), zone).astimezone(UTC)
    last = datetime.combine(today, time(), zone).astimezone(UTC) - timedelta(microseconds=1)
    return [first.date() + timedelta(days=number) for number in range((last.date() - first.date()).days + 1)]
