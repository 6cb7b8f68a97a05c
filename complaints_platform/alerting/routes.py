"""Routes: who is notified of what, where and when, from a YAML file; errors name its line.

The file holds no secrets: a receiver names the environment variable that holds its address.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from complaints_platform.alerting.events import KINDS, Notification, Severity
from complaints_platform.errors import AlertsError
from complaints_platform.zones import time_zones

RUNBOOK = "docs/runbook.md"


def _zone(value: object) -> object:
    if value is not None and value not in time_zones():
        raise ValueError(f"{value!r} is not an IANA time zone; an example is Africa/Lagos")
    return value


def _clock(value: object) -> object:
    # YAML reads 22:00 without quotes as the number 1320 (sixty times 22).
    if isinstance(value, int):
        hours, minutes = divmod(value, 60)
        return f"{hours:02d}:{minutes:02d}"
    return value


def _kind(value: object) -> object:
    if value not in KINDS:
        raise ValueError(f"{value!r} is not a kind of notification; kinds are {', '.join(KINDS)}")
    return value


TimeZone = Annotated[str, BeforeValidator(_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_clock)]
KindName = Annotated[str, BeforeValidator(_kind)]
ReceiverName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Part(BaseModel):
    """Base of all parts: closed (an unknown key is a mistake) and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Receiver(Part):
    """Somebody, or something, that can be reached."""

    url_env: str = Field(
        min_length=1, pattern=r"^[A-Z][A-Z0-9_]*$", description="Environment variable that holds the apprise address."
    )


class DeadMan(Part):
    """An outside service that is called as long as all is well, and alerts when the calls stop."""

    url_env: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="Environment variable that holds its address.")
    every_minutes: int = Field(default=5, ge=1, le=24 * 60)


class QuietHours(Part):
    """Hours in which only the worst is sent; everything else waits until they end."""

    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay
    unless: Severity = Field(default=Severity.CRITICAL, description="From this severity on, send nevertheless.")
    time_zone: TimeZone | None = None

    def ends(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the end of the quiet hours around ``at``; None if there are none."""
        local = at.astimezone(ZoneInfo(self.time_zone) if self.time_zone else zone)
        clock = local.time()
        over_night = self.from_ > self.to
        inside = clock >= self.from_ or clock < self.to if over_night else self.from_ <= clock < self.to
        if not inside:
            return None
        day = local.date() + timedelta(days=1) if over_night and clock >= self.from_ else local.date()
        return datetime.combine(day, self.to, local.tzinfo)


class Digest(Part):
    """Notifications are collected and sent together: every so many minutes, or once a day."""

    every_minutes: int | None = Field(default=None, ge=1, le=24 * 60)
    at: TimeOfDay | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Digest":
        if (self.every_minutes is None) == (self.at is None):
            raise ValueError("a digest needs either every_minutes or at")
        return self

    def due(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return when a notification of ``at`` is sent."""
        local = at.astimezone(ZoneInfo(self.time_zone) if self.time_zone else zone)
        if self.at is not None:
            today = datetime.combine(local.date(), self.at, local.tzinfo)
            tomorrow = datetime.combine(local.date() + timedelta(days=1), self.at, local.tzinfo)
            return today if local <= today else tomorrow
        midnight = datetime.combine(local.date(), time(), local.tzinfo)
        step = timedelta(minutes=self.every_minutes or 1)
        return midnight + step * -((midnight - local) // step)


class Escalation(Part):
    """Who else is notified if nobody acknowledges."""

    after_minutes: int = Field(ge=1, le=7 * 24 * 60)
    to: list[ReceiverName] = Field(min_length=1)


class Route(Part):
    """What goes to whom. A field that is left out matches everything."""

    name: str = Field(min_length=1)
    to: list[ReceiverName] = Field(min_length=1)
    kinds: list[KindName] | None = Field(default=None, min_length=1)
    severity: Severity = Field(default=Severity.INFO, description="At least this severe.")
    sources: list[str] | None = Field(default=None, min_length=1)
    categories: list[str] | None = Field(default=None, min_length=1)
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    escalate: list[Escalation] = []

    def takes(self, notification: Notification) -> bool:
        """Tell whether the route matches a notification."""
        condition = notification.condition
        return (
            (self.kinds is None or condition.kind in self.kinds)
            and condition.severity.rank >= self.severity.rank
            and (self.sources is None or condition.source in self.sources)
            and (self.categories is None or bool(set(self.categories) & set(condition.categories)))
        )

    def due(self, notification: Notification, zone: ZoneInfo) -> datetime:
        """Return when a notification is to be sent."""
        due = notification.at if self.digest is None else self.digest.due(notification.at, zone)
        quiet = self.quiet_hours
        if quiet is None or notification.condition.severity.rank >= quiet.unless.rank:
            return due
        return quiet.ends(due, zone) or due


class Routes(Part):
    """A whole routes file."""

    receivers: Mapping[ReceiverName, Receiver] = {}
    routes: list[Route] = []
    time_zone: TimeZone = "UTC"
    runbook: str = Field(default=RUNBOOK, description="Where people read the runbook; the anchor follows after #.")
    dead_man: DeadMan | None = None
    together_from: int = Field(
        default=5, ge=2, le=100, description="A receiver with more than this waiting gets one message with all of them."
    )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of hours that name none."""
        return ZoneInfo(self.time_zone)

    def link(self, kind: str) -> str:
        """Return the address of a kind's section in the runbook."""
        return f"{self.runbook}#{kind}"


Location = Sequence[str | int]


def load_routes(path: Path | None) -> Routes:
    """Read a routes file; without one nobody is notified.

    Raises:
        AlertsError: it is not YAML, a value is wrong, or a route names an unknown receiver; the message says where.
    """
    if path is None:
        return Routes()
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise AlertsError(f"{path} can't be read: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise AlertsError(f"{path}{place}: not valid YAML: {getattr(error, 'problem', error)}") from error
    try:
        routes = Routes.model_validate(document if document is not None else {})
    except ValidationError as error:
        found = [(problem["loc"], problem["msg"].removeprefix("Value error, ")) for problem in error.errors()]
        raise _wrong(path, root, found) from None
    unknown = [
        (location, f"no receiver {name!r}; receivers are {', '.join(routes.receivers) or 'none'}")
        for location, name in _named_receivers(routes)
        if name not in routes.receivers
    ]
    if unknown:
        raise _wrong(path, root, unknown)
    return routes


def _named_receivers(routes: Routes) -> list[tuple[Location, str]]:
    named: list[tuple[Location, str]] = []
    for number, route in enumerate(routes.routes):
        lists: list[tuple[Location, list[str]]] = [(("routes", number, "to"), route.to)]
        lists += [(("routes", number, "escalate", step, "to"), each.to) for step, each in enumerate(route.escalate)]
        named += [((*location, place), name) for location, names in lists for place, name in enumerate(names)]
    return named


def _wrong(path: Path, root: Any, found: Sequence[tuple[Location, str]]) -> AlertsError:
    problems = [
        f"{path}, line {_line(root, location)}: {'.'.join(map(str, location)) or 'the file'}: {message}"
        for location, message in found
    ]
    return AlertsError("; ".join(problems))


def _line(node: Any, location: Location) -> int:
    """Return the line of the deepest part of a location that the file has."""
    line: int = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
