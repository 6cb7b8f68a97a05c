"""What a question is about: filters, days and the complaints of an incident, apart from how it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from complaints_platform.serving.failures import RequestFailed

DEFAULT_DAYS = 30
DIMENSIONS = ("channel", "region", "category", "subcategory", "product", "source")
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Filters:
    """Dimension → matching values; dimensions that are not named match all."""

    where: Mapping[str, tuple[str | None, ...]]


@dataclass(frozen=True)
class IncidentScope:
    """The complaints that an incident counts: hours and cells."""

    incident_id: str
    start: datetime
    end: datetime
    """Not included."""
    cells: tuple[tuple[str | None, str | None, str | None], ...]
    """Category, region (``(none)``: unknown) and channel; None stands for any."""


@dataclass(frozen=True)
class Period:
    """Days, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The same number of days before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def instants(self, time_zone: str) -> tuple[datetime, datetime]:
        """Return when the first day begins and the day after the last one does, in a zone, as UTC."""
        zone = ZoneInfo(time_zone)
        start = datetime.combine(self.first, time(), zone)
        end = datetime.combine(self.last + timedelta(days=1), time(), zone)
        return start.astimezone(UTC), end.astimezone(UTC)


def period(first: date | None, last: date | None, there: tuple[date, date] | None) -> Period | None:
    """Return the days that are meant: those named, or the last 30 of those that have data (``there``), if any.

    Raises:
        RequestFailed: the last day is before the first.
    """
    if first is None and last is None and there is None:
        return None
    newest = there[1] if there is not None else last or first or LAST_DAY
    to = last or max(newest, first or newest)
    start = first or max(FIRST_DAY, to - timedelta(days=DEFAULT_DAYS - 1))
    if to < start:
        raise RequestFailed(400, "invalid_period", f"the last day {to} is before the first {start}")
    return Period(start, to)
