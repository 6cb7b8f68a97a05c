"""What Dagster and the lake know of what is wrong, gathered for ``alerting``, and the sensors that do so.

Two processes look. The sensor ``notice_problems`` runs in Dagster's daemon and sees nearly everything; the process
``complaints alerts send --watch`` sees whether the daemon, its sensors and the lake are alive. Each kind of condition
is looked for by one of them at a time, so that they don't contradict each other.
"""

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.scheduler.instigation import InstigatorState, SensorInstigatorData, TickStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from complaints_platform.alerting import runs, watching
from complaints_platform.alerting.checks import KINDS_OF_CHECKS, Evaluation, Share, Unusual, failing_now
from complaints_platform.alerting.dead_man import call_if_due
from complaints_platform.alerting.events import Condition, Notification
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.routes import load_routes
from complaints_platform.alerting.sending import Sender, Sent, utc_now, ways
from complaints_platform.alerting.spool import spaces, spool, why_unreachable
from complaints_platform.alerting.watching import Evaluations, SourceState
from complaints_platform.defs.checks import TOO_MANY
from complaints_platform.defs.jobs import UPDATE
from complaints_platform.defs.source_checks import UNUSUAL
from complaints_platform.errors import AlertsError
from complaints_platform.freshness.reconciling import REPORTED_AFTER, ReconcilingState
from complaints_platform.instance.partitions import days_made, days_of_run
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import INCIDENTS, TableSpec
from complaints_platform.lake.layout import received_day
from complaints_platform.lake.store import LocalStore
from complaints_platform.schemas import empty_frame
from complaints_platform.settings import Settings
from complaints_platform.sources.cadence import SILENT_AFTER
from complaints_platform.sources.contract import load_contracts, load_customer_contracts

LOG = logging.getLogger(__name__)

NOTICE = "notice_problems"
SEND = "send_notifications"

SEEN_AGAIN = timedelta(minutes=10)
"""Events are looked at again for so long: what is written late must not be missed, and twice changes nothing."""

RUNS_PER_LOOK = 500
EVALUATIONS_PER_CHECK = 50

SETTLED_AFTER = timedelta(minutes=15)
"""After a pause the platform itself has to catch up before anybody else is called late."""

PAUSE = timedelta(minutes=5)
"""Without a look for so long, there was a pause."""

WATCHER_IS_ALIVE = timedelta(minutes=3)
INCIDENT_DAYS = timedelta(days=14)
Look = Callable[[], list[Condition]]


@dataclass(frozen=True)
class Memory:
    """What a process that looks remembers (UTC): its last look, and since when it has looked without a pause."""

    looked: datetime | None = None
    since: datetime | None = None

    def now(self, now: datetime) -> "Memory":
        """Return the memory of a look now."""
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
    """Looks at everything that may be wrong, and notes what has changed.

    Args:
        settings: name the lake, the sources and the spool.
        instance: Dagster's instance.
        repository: the code's definitions: which checks, sensors and schedules there are.
        clock: returns the time (UTC).
    """

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        repository: dg.RepositoryDefinition,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._instance = instance
        self._repository = repository
        self._clock = clock
        self._lake = Lake(settings.lake)
        self.outbox = Outbox(self._lake.store)
        self.spool = spool(settings.alerts_spool)
        self._daemon_was_stopped: datetime | None = None

    def look(self, memory: Memory, *, as_watcher: bool = False) -> list[Notification]:
        """Note all changes since the last look.

        Args:
            memory: of this look (``Memory.now``) with ``looked`` of the one before.
            as_watcher: look as the watching process does, not as the sensor.

        Returns:
            What was noted.

        Raises:
            AlertsError: something could not be looked at; the rest was noted.
        """
        now = self._clock()
        name = machine()
        disks: dict[str, Look] = {"disk_low": lambda: watching.full_disks(spaces(self._paths()), name)}
        # A lake on another machine takes what is said of this one's disks, and whoever sends finds it there.
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
            raise AlertsError("could not look at everything: " + "; ".join(problems))
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
                LOG.exception("could not look for %s", kind)
                problems.append(f"{kind}: {type(error).__name__}")
        return noted, problems

    def _paths(self) -> list[Path]:
        local = [Path(uri) for uri in (self._settings.lake, self._settings.landing) if "://" not in uri]
        home = os.environ.get("DAGSTER_HOME")
        return [*local, self._settings.alerts_spool, *([Path(home)] if home else [])]

    def _looks_of_sensor(self, memory: Memory, now: datetime) -> dict[str, Look]:
        looks: dict[str, Look] = {
            "run_failed": lambda: self._failing_jobs(memory, now),
            "days_failing": self._failing_days,
            "model_missing": lambda: self._missing_model(now),
            "watcher_stopped": lambda: watching.stopped_watchers(self.outbox.watchers(), now),
        }
        failing = _Once(lambda: self._failing_checks(memory, now))
        for kind in KINDS_OF_CHECKS:
            looks[kind] = _of_kind(kind, failing)
        if memory.since is not None and now - memory.since >= SETTLED_AFTER:
            looks["source_silent"] = lambda: watching.silent_sources(self._sources(), now)
        looks["incident"] = lambda: self._incidents(INCIDENTS, now)
        if not any(now - alive < WATCHER_IS_ALIVE for alive in self.outbox.watchers().values()):
            looks |= self._looks_of_watcher(memory, now)
        return looks

    def _looks_of_watcher(self, memory: Memory, now: datetime) -> dict[str, Look]:
        evaluations = _Once(lambda: list(self._evaluations(memory)))
        daemons = _Once(lambda: self._stopped_daemons(now))
        return {
            "daemon_stopped": daemons,
            "sensor_failing": lambda: watching.failing_sensors(evaluations()),
            "ticks_stopped": lambda: watching.stopped_ticks(evaluations(), now, daemon_alive=not daemons()),
        }

    def _open(self, *kinds: str) -> list[Condition]:
        return [each.condition for each in self.outbox.open() if each.condition.kind in kinds]

    # runs and checks

    def _failing_jobs(self, memory: Memory, now: datetime) -> list[Condition]:
        return runs.failing_jobs(self._open("run_failed"), ended_runs(self._instance, _seen_until(memory, now)))

    def _failing_days(self) -> list[Condition]:
        days = []
        attempts = 0
        for state in self._instance.all_instigator_state():
            data = state.instigator_data
            if state.instigator_name == UPDATE and isinstance(data, SensorInstigatorData) and data.cursor:
                for trouble in ReconcilingState.from_json(json.loads(data.cursor)).troubles:
                    if trouble.attempts >= REPORTED_AFTER:
                        days += [unit.day for unit in trouble.units]
                        attempts = max(attempts, trouble.attempts)
        return runs.failing_days(days, REPORTED_AFTER if attempts else 0)

    def _failing_checks(self, memory: Memory, now: datetime) -> list[Condition]:
        graph = self._repository.asset_graph
        by_day = {key: graph.get(key.asset_key).is_partitioned for key in sorted(graph.asset_check_keys)}
        evaluations = evaluations_since(self._instance, by_day, _seen_until(memory, now))
        return failing_now(self._open(*KINDS_OF_CHECKS), evaluations)

    # the daemon

    def _stopped_daemons(self, now: datetime) -> list[Condition]:
        stopped = watching.stopped_daemons(self._heartbeats(), now)
        if stopped:
            self._daemon_was_stopped = now
        return stopped

    def _heartbeats(self) -> dict[str, datetime | None]:
        beats = self._instance.get_daemon_heartbeats()
        return {
            kind: datetime.fromtimestamp(beats[kind].timestamp, UTC) if kind in beats else None
            for kind in self._instance.get_required_daemon_types()
        }

    def _evaluations(self, memory: Memory) -> Iterator[Evaluations]:
        names = {each.name for each in self._repository.sensor_defs} | {
            each.name for each in self._repository.schedule_defs
        }
        for state in self._instance.all_instigator_state():
            if state.is_running and state.instigator_name in names:
                yield self._evaluation(state, memory)

    def _evaluation(self, state: InstigatorState, memory: Memory) -> Evaluations:
        ticks = self._instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=watching.FAILED_TICKS + 1)
        ended = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
        failed = next((place for place, tick in enumerate(ended) if tick.status is not TickStatus.FAILURE), len(ended))
        data = state.instigator_data
        sensor = data if isinstance(data, SensorInstigatorData) else None
        last = datetime.fromtimestamp(ticks[0].timestamp, UTC) if ticks else None
        if last is not None:  # a pause of the daemon is no silence of its sensors
            last = max(filter(None, [last, memory.since, self._daemon_was_stopped]))
        return Evaluations(
            state.instigator_name,
            failed,
            datetime.fromtimestamp(ended[failed - 1].timestamp, UTC) if failed else None,
            last,
            timedelta(seconds=sensor.min_interval or 30) if sensor else None,
        )

    # the lake

    def _sources(self) -> list[SourceState]:
        contracts = {**load_contracts(self._settings.sources), **load_customer_contracts(self._settings.sources)}
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


class _Once:
    """Calls a function at most once."""

    def __init__(self, call: Callable[[], list[Any]]) -> None:
        self._call = call
        self._result: list[Any] | None = None

    def __call__(self) -> list[Any]:
        if self._result is None:
            self._result = self._call()
        return self._result


def _of_kind(kind: str, conditions: Callable[[], list[Condition]]) -> Look:
    return lambda: [condition for condition in conditions() if condition.kind == kind]


def _seen_until(memory: Memory, now: datetime) -> datetime:
    return (memory.looked or now) - SEEN_AGAIN


def ended_runs(instance: dg.DagsterInstance, since: datetime) -> list[runs.EndedRun]:
    """Return the runs that have ended since a time (UTC), in order; those that Dagster repeats are left out.

    So are failed runs of ``update_tables``: its sensor repeats them in halves until it knows which days fail.
    """
    found = []
    chosen = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE], updated_after=since)
    for record in instance.get_run_records(chosen, limit=RUNS_PER_LOOK, order_by="update_timestamp", ascending=False):
        run = record.dagster_run
        succeeded = run.status is dg.DagsterRunStatus.SUCCESS
        if run.job_name == UPDATE or (not succeeded and run.tags.get("dagster/will_retry") == "true"):
            continue
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
        step, error = ("", "") if succeeded else _first_failure(instance, run.run_id)
        days = days_of_run(run.tags)
        found.append(runs.EndedRun(run.job_name, run.run_id, succeeded, ended, step, error, days[-1] if days else None))
    return sorted(found, key=lambda run: run.at)


def _first_failure(instance: dg.DagsterInstance, run_id: str) -> tuple[str, str]:
    """Return step and class of the first error; its message may quote data, and stays in Dagster."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        return event.step_key or "", (error.cls_name if error else None) or ""
    return "", ""


def evaluations_since(
    instance: dg.DagsterInstance, by_day: Mapping[dg.AssetCheckKey, bool], since: datetime
) -> list[Evaluation]:
    """Return what checks have said since a time (UTC), in order.

    Args:
        instance: that keeps it.
        by_day: check → whether it judges the days of its run, as one of an asset without days does not.
        since: the time.
    """
    storage = instance.event_log_storage
    found: list[tuple[float, AssetCheckExecutionRecord]] = []
    for key, latest in storage.get_latest_asset_check_execution_by_key(list(by_day)).items():
        # A check that is planned again has its newest evaluation behind the plan.
        if latest.create_timestamp < since.timestamp() and _at(latest) < since.timestamp():
            continue
        history = storage.get_asset_check_execution_history(key, EVALUATIONS_PER_CHECK)
        found += [(_at(record), record) for record in history if _at(record) >= since.timestamp()]
    runs_asked: dict[str, dg.DagsterRun | None] = {}
    evaluations = []
    for _, record in sorted(found, key=lambda each: each[0]):
        if record.run_id not in runs_asked:
            runs_asked[record.run_id] = instance.get_run_by_id(record.run_id)
        run = runs_asked[record.run_id]
        days = days_made(run, record.key.asset_key) if run is not None and by_day[record.key] else []
        evaluations.append(_evaluation_of(record, days))
    return evaluations


def _at(record: AssetCheckExecutionRecord) -> float:
    """Return when a check spoke; 0 if it has not yet."""
    event = record.event.dagster_event if record.event else None
    is_said = event is not None and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return record.event.timestamp if is_said and record.event else 0.0


def _evaluation_of(record: AssetCheckExecutionRecord, days: Sequence[date]) -> Evaluation:
    said: Any = record.event.dagster_event.event_specific_data if record.event and record.event.dagster_event else None
    unusual, too_many = (said.metadata[name].value if name in said.metadata else [] for name in (UNUSUAL, TOO_MANY))
    return Evaluation(
        "/".join(record.key.asset_key.path),
        record.key.name,
        said.passed,
        said.severity is dg.AssetCheckSeverity.ERROR,
        said.description or "",
        tuple(days),
        tuple(
            Unusual(each["measure"], date.fromisoformat(each["day"]), each["text"], each["next_step"])
            for each in unusual
        ),
        tuple(Share(date.fromisoformat(each["day"]), each["source"], each["share"]) for each in too_many),
    )


def newest_incidents(spec: TableSpec, lake: Lake, now: datetime) -> pl.DataFrame:
    """Return each spike of the last two weeks as the newest day says it is.

    One that newer days do not know any more, because what it was made of has changed, has ended with its last day.
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


# the sensors


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Return the sensors that notice what is wrong and send notifications, running if the settings say so."""
    status = dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=NOTICE,
        description=(
            "Looks for what is wrong: failed runs and checks, silent sources, spikes, failing sensors, disk and lake. "
            "Each change of each condition becomes one notification in the outbox."
        ),
        minimum_interval_seconds=settings.alerts_seconds,
        default_status=status,
    )
    def notice_problems(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        repository = context.repository_def
        if repository is None:
            raise AlertsError("the sensor needs its repository: which checks and sensors there are")
        before = Memory.from_json(context.cursor)
        memory = before.now(utc_now())
        noted = Observer(settings, context.instance, repository).look(replace(memory, looked=before.looked))
        for each in noted:
            context.log.info(f"{each.state}: {each.title()}")
        skip = f"{len(noted)} changes" if noted else "nothing has changed"
        return dg.SensorResult(skip_reason=skip, cursor=memory.to_json())

    @dg.sensor(
        name=SEND,
        description="Sends what waits in the outbox; tries again what did not arrive. complaints alerts list shows it.",
        minimum_interval_seconds=settings.alerts_seconds,
        default_status=status,
    )
    def send_notifications() -> dg.SkipReason:
        if settings.alerts is None:
            return dg.SkipReason("COMPLAINTS_ALERTS names no routes file here: nothing is sent from here")
        return dg.SkipReason(send_all(settings).describe())

    return [notice_problems, send_notifications]


def send_all(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Sent:
    """Send what waits in the lake's outbox and in the spool; the one is not held up by the other.

    Without a routes file nothing is done: another process may have one, and what waits is left to it.

    Raises:
        AlertsError: the routes file is wrong, or an outbox can't be read; what the other holds was sent.
    """
    if settings.alerts is None:
        return Sent()
    routes = load_routes(settings.alerts)
    reached = ways(routes, clock)
    result = Sent()
    problems = []
    of_lake = Outbox(Lake(settings.lake).store)
    for outbox in (spool(settings.alerts_spool), of_lake):
        try:
            result += Sender(outbox, routes, reached, clock).look()
        except Exception as error:
            LOG.exception("an outbox can't be read")
            problems.append(type(error).__name__)
    if problems:
        raise AlertsError(f"an outbox can't be read: {', '.join(problems)}; {result.describe()}")
    # Whom no message reaches would learn nothing: then the calls stay away, and the switch says so.
    if not any(
        health.failures
        for outbox in (spool(settings.alerts_spool), of_lake)
        for name, health in outbox.receivers().items()
        if name in routes.receivers
    ):
        call_if_due(routes, of_lake, clock)
    return result
