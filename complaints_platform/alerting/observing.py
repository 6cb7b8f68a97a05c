"""Looks at everything that may be wrong: what Dagster tells, and what the lake, its disks and its sources show.

Two processes look. The sensor ``notice_problems`` runs in Dagster's daemon and sees nearly everything; the process
``complaints alerts send --watch`` sees whether the daemon, its sensors and the lake are alive. Each kind of condition
is looked for by one of them at a time, so that they don't contradict each other.
"""

import json
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

import polars as pl

from complaints_platform.alerting import runs, watching
from complaints_platform.alerting.checks import KINDS_OF_CHECKS, Evaluation, failing_now
from complaints_platform.alerting.events import Condition, Notification
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.sending import utc_now
from complaints_platform.alerting.spool import spaces, spool, why_unreachable
from complaints_platform.alerting.watching import Evaluations, SourceState
from complaints_platform.errors import AlertsError
from complaints_platform.freshness.next_days import REPORTED_AFTER, Trouble
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import INCIDENTS, TableSpec
from complaints_platform.lake.layout import received_day
from complaints_platform.lake.store import LocalStore
from complaints_platform.platform import Platform
from complaints_platform.schemas import empty_frame
from complaints_platform.sources.contract import SILENT_AFTER

LOG = logging.getLogger(__name__)

SEEN_AGAIN = timedelta(minutes=10)
"""Events are read again for so long: late ones must not be missed, and repeating them changes nothing."""

SETTLED_AFTER = timedelta(minutes=15)
"""After a pause the platform itself has to catch up before it calls others late."""

PAUSE = timedelta(minutes=5)
"""A longer time without a check is a pause."""

WATCHER_IS_ALIVE = timedelta(minutes=3)
INCIDENT_DAYS = timedelta(days=14)
Look = Callable[[], list[Condition]]


class History(Protocol):
    """What Dagster knows; ``instance.history`` reads it. Times are UTC."""

    def ended_runs(self, since: datetime) -> list[runs.EndedRun]:
        """Return the runs that have ended since a time, in order, but none that is repeated by itself."""

    def evaluations(self, since: datetime) -> list[Evaluation]:
        """Return what checks have said since a time, in order."""

    def troubles(self) -> Iterable[Trouble]:
        """Return what the sensor of the tables could not make."""

    def heartbeats(self) -> dict[str, datetime | None]:
        """Return when each daemon that should run gave its last sign of life; None: never."""

    def automations(self, ticks: int) -> Iterable[Evaluations]:
        """Return what became of the newest ticks of each sensor and schedule that is turned on."""


@dataclass(frozen=True)
class Memory:
    """What a checking process remembers (UTC): its last check, and since when it has checked without a pause."""

    looked: datetime | None = None
    since: datetime | None = None

    def now(self, now: datetime) -> "Memory":
        """Return the memory of a check now."""
        paused = self.looked is None or self.since is None or now - self.looked > PAUSE
        return Memory(now, now if paused else self.since)

    def to_json(self) -> str:
        """Return it as a cursor."""
        return json.dumps([time.isoformat() if time else None for time in (self.looked, self.since)])

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Read a cursor."""
        return cls(*(datetime.fromisoformat(time) if time else None for time in json.loads(text))) if text else cls()


def machine() -> str:
    """Return the name of this machine, as part of objects' names."""
    return "".join(letter if letter.isalnum() else "-" for letter in socket.gethostname().lower()) or "machine"


class Observer:
    """Checks everything that may be wrong, and records what has changed; the clock returns UTC."""

    def __init__(self, platform: Platform, history: History, clock: Callable[[], datetime] = utc_now) -> None:
        self._platform = platform
        self._history = history
        self._clock = clock
        self._lake = platform.lake
        self.outbox = Outbox(self._lake.store)
        self.spool = spool(platform.settings.alerts_spool)
        self._daemon_was_stopped: datetime | None = None

    def look(self, memory: Memory, *, as_watcher: bool = False) -> list[Notification]:
        """Record and return all changes since the last check.

        ``memory`` is of this check (``Memory.now``) with ``looked`` of the one before; the watcher checks less than
        the sensor.

        Raises:
            AlertsError: some checks failed; the others were recorded.
        """
        now = self._clock()
        name = machine()
        disks: dict[str, Look] = {"disk_low": lambda: watching.full_disks(spaces(self._paths()), name)}
        # A lake on another machine stores the state of this one's disks, where any sender finds it.
        is_local = isinstance(self._lake.store, LocalStore)
        noted, problems = self._note(
            self.spool,
            {
                "lake_unreachable": lambda: watching.unreachable_lake(
                    why_unreachable(self._lake.store, name), self._lake.store.uri, name
                ),
                **(disks if is_local else {}),
            },
            now,
        )
        if any(each.condition.kind == "lake_unreachable" for each in self.spool.open()):
            return noted
        looks = self._looks_of_watcher(memory, now) if as_watcher else self._looks_of_sensor(memory, now)
        if as_watcher:
            self.outbox.alive(name, now)
        also, more = self._note(self.outbox, looks, now)
        problems += more
        if not is_local:
            of_disks, more = self._note(self.outbox, disks, now, about=f"{name} ")
            also += of_disks
            problems += more
        if problems:
            raise AlertsError("some checks failed: " + "; ".join(problems))
        if not as_watcher:
            self.outbox.note_look(now)
        return [*noted, *also]

    def _note(
        self, outbox: Outbox, looks: Mapping[str, Look], now: datetime, about: str = ""
    ) -> tuple[list[Notification], list[str]]:
        noted: list[Notification] = []
        problems = []
        for kind, look in looks.items():
            try:
                noted += outbox.observe(kind, look(), now, about)
            except Exception as error:
                LOG.exception("the check for %s failed", kind)
                problems.append(f"{kind}: {type(error).__name__}")
        return noted, problems

    def _paths(self) -> list[Path]:
        local = [
            Path(uri) for uri in (self._platform.settings.lake, self._platform.settings.landing) if "://" not in uri
        ]
        home = os.environ.get("DAGSTER_HOME")
        return [*local, self._platform.settings.alerts_spool, *([Path(home)] if home else [])]

    def _looks_of_sensor(self, memory: Memory, now: datetime) -> dict[str, Look]:
        seen_until = (memory.looked or now) - SEEN_AGAIN
        looks: dict[str, Look] = {
            "run_failed": lambda: runs.failing_jobs(self._open("run_failed"), self._history.ended_runs(seen_until)),
            "days_failing": self._failing_days,
            "model_missing": lambda: self._missing_model(now),
            "watcher_stopped": lambda: watching.stopped_watchers(self.outbox.watchers(), now),
        }
        failing = cache(lambda: failing_now(self._open(*KINDS_OF_CHECKS), self._history.evaluations(seen_until)))
        for kind in KINDS_OF_CHECKS:
            looks[kind] = _of_kind(kind, failing)
        if memory.since is not None and now - memory.since >= SETTLED_AFTER:
            looks["source_silent"] = lambda: watching.silent_sources(self._sources(), now)
        looks["incident"] = lambda: self._incidents(INCIDENTS, now)
        if not any(now - alive < WATCHER_IS_ALIVE for alive in self.outbox.watchers().values()):
            looks |= self._looks_of_watcher(memory, now)
        return looks

    def _looks_of_watcher(self, memory: Memory, now: datetime) -> dict[str, Look]:
        evaluations = cache(lambda: list(self._automations(memory)))
        daemons = cache(lambda: self._stopped_daemons(now))
        return {
            "daemon_stopped": daemons,
            "sensor_failing": lambda: watching.failing_sensors(evaluations()),
            "ticks_stopped": lambda: watching.stopped_ticks(evaluations(), now, daemon_alive=not daemons()),
        }

    def _open(self, *kinds: str) -> list[Condition]:
        return [each.condition for each in self.outbox.open() if each.condition.kind in kinds]

    def _failing_days(self) -> list[Condition]:
        often = [trouble for trouble in self._history.troubles() if trouble.attempts >= REPORTED_AFTER]
        days = [unit.day for trouble in often for unit in trouble.units]
        return runs.failing_days(days, max((trouble.attempts for trouble in often), default=0))

    def _stopped_daemons(self, now: datetime) -> list[Condition]:
        stopped = watching.stopped_daemons(self._history.heartbeats(), now)
        if stopped:
            self._daemon_was_stopped = now
        return stopped

    def _automations(self, memory: Memory) -> Iterator[Evaluations]:
        for each in self._history.automations(watching.FAILED_TICKS + 1):
            if each.last is None:
                yield each
            else:  # a pause of the daemon is not the fault of its sensors
                yield replace(each, last=max(filter(None, [each.last, memory.since, self._daemon_was_stopped])))

    def _sources(self) -> list[SourceState]:
        contracts = self._platform.all_contracts
        last = self._lake.receipts.last_received(contracts)
        return [
            SourceState(name, contract.cadence, SILENT_AFTER[contract.cadence], last.get(name))
            for name, contract in sorted(contracts.items())
        ]

    def _missing_model(self, now: datetime) -> list[Condition]:
        serving = self._lake.models.serving()
        days = self._lake.receipts.days() if serving is None else []
        if not days:
            return []
        marks = self._lake.store.entries(received_day(days[0]))
        first = min(entry.modified for entry in marks if not entry.is_folder)
        return watching.missing_model(None, days[0], first, now)

    def _incidents(self, spec: TableSpec, now: datetime) -> list[Condition]:
        known = {condition.subject for condition in self._open("incident")}
        going_on, past = watching.incidents(newest_incidents(spec, self._lake, now), known, now)
        for each in past:
            self.outbox.happened(each, now)
        return going_on


def _of_kind(kind: str, conditions: Callable[[], list[Condition]]) -> Look:
    return lambda: [condition for condition in conditions() if condition.kind == kind]


def newest_incidents(spec: TableSpec, lake: Lake, now: datetime) -> pl.DataFrame:
    """Return each incident of the last two weeks as its newest day describes it.

    One that newer days no longer contain, because its data has changed, ended with its last day.
    """
    table = spec.table(lake)
    days = [day for day in sorted(table.row_counts()) if day >= (now - INCIDENT_DAYS).date()]
    if not days:
        return empty_frame(spec.model)
    rows = table.scan(*(day.isoformat() for day in days)).collect()
    newest = rows.sort("day").group_by("incident_id", maintain_order=True).last()
    is_past = pl.col("day") < days[-1] - timedelta(days=1)
    end_of_day = (pl.col("day") + timedelta(days=1)).cast(newest.schema["ended_at"])
    return newest.with_columns(
        ended_at=pl.when(is_past).then(pl.coalesce("ended_at", end_of_day)).otherwise("ended_at")
    )
