"""What is wrong, given numbers gathered elsewhere: pure functions, one for each kind of notification.

Each returns *all* conditions of its kind that hold now; any other is resolved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import polars as pl

from complaints_platform.alerting.events import Condition, Severity
from complaints_platform.alerting.spool import Space
from complaints_platform.schemas import NO_VALUE

LEAST_FREE_SHARE = 0.05
LEAST_FREE_BYTES = 1 << 30
NEARLY_NOTHING_BYTES = 100 << 20

MODEL_WITHIN = timedelta(hours=1)
"""The first classifier is trained within minutes of the first file."""

INCIDENTS_OF = timedelta(days=2)
"""Older incidents are history, such as those of an archive that was collected just now."""

DAEMON_SILENT_AFTER = timedelta(minutes=5)
WATCHER_SILENT_AFTER = timedelta(minutes=10)
FAILED_TICKS = 3
"""How many evaluations in a row must have failed; a single one is retried automatically."""

TICKS_LATE_AFTER = timedelta(minutes=10)
LATE_FACTOR = 5
GIB = 1 << 30
NAMED = 4


@dataclass(frozen=True)
class SourceState:
    """When a source last sent a file (UTC; None: never), and how long it may be silent."""

    source: str
    cadence: str
    silent_after: timedelta
    last_received_at: datetime | None


@dataclass(frozen=True)
class Evaluations:
    """The evaluations of a sensor or schedule that is turned on (times are UTC)."""

    name: str
    failed_in_a_row: int
    failing_since: datetime | None
    last: datetime | None
    """When it was last evaluated; None: never."""
    interval: timedelta | None
    """How often it should be; None for schedules."""


def silent_sources(sources: Sequence[SourceState], now: datetime) -> list[Condition]:
    """Return the sources silent for longer than their cadence allows; one that never sent anything does not count."""
    return [
        Condition(
            "source_silent",
            state.source,
            Severity.MAJOR,
            f"{state.source} ({state.cadence}) has sent nothing since {last:%Y-%m-%d %H:%M} UTC; files are expected "
            f"within {state.silent_after / timedelta(hours=1):g} hours.",
            source=state.source,
            day=(last + state.silent_after).date(),
            next_step=f"Ask the owner of {state.source} whether the sender is running; check landing/{state.source}.",
        )
        for state in sources
        if (last := state.last_received_at) is not None and now - last > state.silent_after
    ]


def full_disks(disks: Sequence[Space], machine: str) -> list[Condition]:
    """Return the disks of a machine that are nearly full."""
    return [
        Condition(
            "disk_low",
            f"{machine} {disk.path}",
            Severity.CRITICAL if disk.free < NEARLY_NOTHING_BYTES else Severity.MAJOR,
            f"{disk.path} on {machine} has {disk.free / GIB:.2f} of {disk.total / GIB:.1f} GiB free.",
        )
        for disk in disks
        if disk.free < min(LEAST_FREE_SHARE * disk.total, LEAST_FREE_BYTES) or disk.free < NEARLY_NOTHING_BYTES
    ]


def unreachable_lake(why: str | None, uri: str, machine: str) -> list[Condition]:
    """Return the condition that a machine can't reach the lake, and why."""
    if why is None:
        return []
    text = f"{uri} can't be read or written from {machine}: {why}"
    return [Condition("lake_unreachable", f"{machine} {uri}", Severity.CRITICAL, text)]


def missing_model(
    serving: str | None, first_received: date | None, waiting_since: datetime | None, now: datetime
) -> list[Condition]:
    """Return the condition that files came, the first of them at ``waiting_since``, but no classifier serves."""
    if serving is not None or first_received is None or waiting_since is None or now - waiting_since < MODEL_WITHIN:
        return []
    text = f"Files have arrived since {first_received}, but no classifier serves: nothing is categorised."
    return [Condition("model_missing", "classifier", Severity.CRITICAL, text, day=first_received)]


def stopped_daemons(heartbeats: Mapping[str, datetime | None], now: datetime) -> list[Condition]:
    """Return the condition that Dagster's daemon shows no sign of life.

    ``heartbeats`` is required daemon → last sign of life (UTC); one without was never started, and does not count.
    """
    silent = {name: last for name, last in heartbeats.items() if last is not None and now - last > DAEMON_SILENT_AFTER}
    if not silent:
        return []
    last = max(silent.values())
    ever = sum(each is not None for each in heartbeats.values())
    which = "all of it" if len(silent) == ever else ", ".join(sorted(silent))
    text = f"Dagster's daemon ({which}) has shown no sign of life since {last:%Y-%m-%d %H:%M} UTC."
    return [Condition("daemon_stopped", "daemon", Severity.CRITICAL, text, day=last.date())]


def stopped_watchers(watchers: Mapping[str, datetime], now: datetime) -> list[Condition]:
    """Return the watchers that show no sign of life and did not sign off."""
    return [
        Condition(
            "watcher_stopped",
            name,
            Severity.MAJOR,
            f"The watcher on {name} has shown no sign of life since {last:%Y-%m-%d %H:%M} UTC.",
            day=last.date(),
        )
        for name, last in watchers.items()
        if now - last > WATCHER_SILENT_AFTER
    ]


def failing_sensors(evaluations: Sequence[Evaluations]) -> list[Condition]:
    """Return the sensors and schedules whose newest evaluations failed; a schedule's every failure counts."""
    return [
        Condition(
            "sensor_failing",
            each.name,
            Severity.CRITICAL if each.name in {"landing", "update_tables"} else Severity.MAJOR,
            f"The newest evaluations of {each.name} ended in errors"
            + (f", since {each.failing_since:%Y-%m-%d %H:%M} UTC." if each.failing_since else "."),
            day=each.failing_since.date() if each.failing_since else None,
        )
        for each in evaluations
        if each.failed_in_a_row >= (1 if each.interval is None else FAILED_TICKS)
    ]


def stopped_ticks(evaluations: Sequence[Evaluations], now: datetime, *, daemon_alive: bool) -> list[Condition]:
    """Return the sensors that are turned on but not evaluated; none if the daemon has stopped, which explains it."""
    if not daemon_alive:
        return []
    return [
        Condition(
            "ticks_stopped",
            each.name,
            Severity.MAJOR,
            f"{each.name} was last evaluated at {each.last:%Y-%m-%d %H:%M} UTC.",
            day=each.last.date(),
        )
        for each in evaluations
        if each.last is not None
        and each.interval is not None
        and now - each.last > max(TICKS_LATE_AFTER, each.interval * LATE_FACTOR)
    ]


SENDER_FIRST = (
    "First check whether a source has stopped sending regions (its check records_as_usual): then nothing outside is "
    "broken. "
)
"""Where only complaints without a region have risen."""


def incidents(frame: pl.DataFrame, already_open: set[str], now: datetime) -> tuple[list[Condition], list[Condition]]:
    """Return the open incidents, and those that ended before anybody was notified.

    ``frame`` holds the newest row of each in ``mart/incidents``. Incidents with an open alert (``already_open`` are
    their ids) stay open until they have ended, however old they are.
    """
    still_open, past = [], []
    for row in frame.iter_rows(named=True):
        ended, known = row["ended_at"], row["incident_id"] in already_open
        if ended is None and (known or row["day"] >= (now - INCIDENTS_OF).date()):
            still_open.append(_incident(row))
        elif ended is not None and not known and now - ended < INCIDENTS_OF:
            past.append(_incident(row))
    return still_open, past


def _incident(row: Mapping[str, Any]) -> Condition:
    return Condition(
        "incident",
        row["incident_id"],
        Severity(row["severity"]),
        _incident_text(row),
        day=row["started_at"].date(),
        categories=tuple(orjson.loads(row["categories"])),
        next_step=(SENDER_FIRST if orjson.loads(row["regions"]) == [NO_VALUE] else "")
        + f"Open incident {row['incident_id']} in the dashboard, and tell the team in charge.",
    )


def _incident_text(row: Mapping[str, Any]) -> str:
    """Describe it in numbers. The table's own sentence also quotes customers, and must not leave the company."""
    categories = [name.replace("_", " ") for name in orjson.loads(row["categories"])]
    regions = ["an unknown region" if name == NO_VALUE else name for name in orjson.loads(row["regions"])]
    until = f" until {row['ended_at']:%Y-%m-%d %H:%M} UTC, now over" if row["ended_at"] else ""
    return (
        f"{row['observed']:,} complaints"
        + (f" about {', '.join(categories[:NAMED])}" if categories else "")
        + (f" from {', '.join(regions[:NAMED])}" if regions else "")
        + f" since {row['started_at']:%Y-%m-%d %H:%M} UTC{until}: "
        + f"{row['ratio']:.1f} times the usual {row['expected']:,.1f}."
    )
