"""What Dagster's instance remembers: runs, what checks said, daemons, and the ticks of sensors and schedules."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, SensorInstigatorData, TickStatus
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from complaints_platform.alerting.checks import TOO_MANY, UNUSUAL, Evaluation, Share, Unusual
from complaints_platform.alerting.runs import EndedRun
from complaints_platform.alerting.watching import Evaluations
from complaints_platform.freshness.next_days import ReconcilingState, RunOutcome, Trouble
from complaints_platform.instance.names import UPDATE
from complaints_platform.instance.partitions import days_made, days_of_run

RUNS_PER_LOOK = 500
EVALUATIONS_PER_CHECK = 50
RUNS_LOOKED_AT = 100

SPOKEN = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
UNDER_WAY = [status for status in dg.DagsterRunStatus if status not in ENDED]

WILL_RETRY_TAG = "dagster/will_retry"
"""Undocumented: "true" where Dagster starts a run once more."""

RETRY_SHOWS_UP_SECONDS = 60
"""Dagster restarts a run whose process was lost, a little later."""


class InstanceHistory:
    """What alerts are made of, as ``alerting.observing.History`` asks for it, for the code of a repository."""

    def __init__(self, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> None:
        self._instance = instance
        self._repository = repository

    def ended_runs(self, since: datetime) -> list[EndedRun]:
        """Return the runs that have ended since a time, in order; those that Dagster repeats are left out.

        So are failed runs of ``update_tables``: its sensor repeats them in halves until it knows which days fail.
        """
        found = []
        chosen = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE], updated_after=since)
        for record in self._instance.get_run_records(
            chosen, limit=RUNS_PER_LOOK, order_by="update_timestamp", ascending=False
        ):
            run = record.dagster_run
            succeeded = run.status is dg.DagsterRunStatus.SUCCESS
            if run.job_name == UPDATE or (not succeeded and _will_be_retried(run)):
                continue
            ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
            step, error = ("", "") if succeeded else _first_failure(self._instance, run.run_id)
            days = days_of_run(run.tags)
            found.append(EndedRun(run.job_name, run.run_id, succeeded, ended, step, error, days[-1] if days else None))
        return sorted(found, key=lambda run: run.at)

    def evaluations(self, since: datetime) -> list[Evaluation]:
        """Return what checks have said since a time, in order; with the days of the run, if the asset has days."""
        graph = self._repository.asset_graph
        by_day = {key: graph.get(key.asset_key).is_partitioned for key in sorted(graph.asset_check_keys)}
        storage = self._instance.event_log_storage
        found: list[tuple[float, AssetCheckExecutionRecord]] = []
        for key, latest in storage.get_latest_asset_check_execution_by_key(list(by_day)).items():
            # A check that is planned again has its newest evaluation behind the plan.
            if latest.create_timestamp < since.timestamp() and _at(latest) < since.timestamp():
                continue
            # Plans are left out: a run over days writes one for each day.
            history = storage.get_asset_check_execution_history(key, EVALUATIONS_PER_CHECK, status=SPOKEN)
            found += [(_at(record), record) for record in history if _at(record) >= since.timestamp()]
        run_of = cache(self._instance.get_run_by_id)
        evaluations = []
        for _, record in sorted(found, key=lambda each: each[0]):
            run = run_of(record.run_id)
            days = days_made(run, record.key.asset_key) if run is not None and by_day[record.key] else []
            evaluations.append(_evaluation_of(record, days))
        return evaluations

    def troubles(self) -> Iterator[Trouble]:
        """Yield what the sensor ``update_tables`` could not make, from its cursor."""
        for state in self._instance.all_instigator_state():
            data = state.instigator_data
            if state.instigator_name == UPDATE and isinstance(data, SensorInstigatorData) and data.cursor:
                yield from ReconcilingState.from_json(json.loads(data.cursor)).troubles

    def heartbeats(self) -> dict[str, datetime | None]:
        """Return when each daemon that should run gave its last sign of life; None: never."""
        beats = self._instance.get_daemon_heartbeats()
        return {
            kind: datetime.fromtimestamp(beats[kind].timestamp, UTC) if kind in beats else None
            for kind in self._instance.get_required_daemon_types()
        }

    def automations(self, ticks: int) -> Iterator[Evaluations]:
        """Yield what became of the newest ticks of each sensor and schedule of the code that is turned on."""
        code = self._repository
        names = {each.name for each in code.sensor_defs} | {each.name for each in code.schedule_defs}
        for state in self._instance.all_instigator_state():
            if state.is_running and state.instigator_name in names:
                yield self._automation(state, ticks)

    def _automation(self, state: InstigatorState, limit: int) -> Evaluations:
        ticks = self._instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=limit)
        ended = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
        failed = next((place for place, tick in enumerate(ended) if tick.status is not TickStatus.FAILURE), len(ended))
        data = state.instigator_data
        return Evaluations(
            state.instigator_name,
            failed,
            datetime.fromtimestamp(ended[failed - 1].timestamp, UTC) if failed else None,
            datetime.fromtimestamp(ticks[0].timestamp, UTC) if ticks else None,
            timedelta(seconds=data.min_interval or 30) if isinstance(data, SensorInstigatorData) else None,
        )


def at_work(instance: dg.DagsterInstance, jobs: set[str], assets: set[dg.AssetKey]) -> str | None:
    """Name a queued or running run of these jobs or assets, if there is one."""
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY), limit=RUNS_LOOKED_AT):
        if run.job_name in jobs or assets & (run.asset_selection or set()):
            return f"run {run.run_id[:8]} of {run.job_name}"
    return None


def last_outcome(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> RunOutcome:
    """Tell what became of the newest run with these tags, a retry counting for the run it repeats."""
    records = instance.get_run_records(dg.RunsFilter(tags=tags), limit=1)
    if not records:
        return RunOutcome.UNKNOWN
    run, ended = records[0].dagster_run, records[0].end_time or 0
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return RunOutcome.SUCCEEDED
    retried = _will_be_retried(run) and time.time() - ended < RETRY_SHOWS_UP_SECONDS
    return RunOutcome.RUNNING if retried or run.status not in ENDED else RunOutcome.FAILED


def _will_be_retried(run: dg.DagsterRun) -> bool:
    return run.tags.get(WILL_RETRY_TAG) == "true"


def _first_failure(instance: dg.DagsterInstance, run_id: str) -> tuple[str, str]:
    """Return step and class of the first error; its message may quote data and stays in Dagster."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        return event.step_key or "", (error.cls_name if error else None) or ""
    return "", ""


def _at(record: AssetCheckExecutionRecord) -> float:
    """Return when a check was evaluated; 0 if it has not been yet."""
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
        tuple(Unusual(**{**each, "day": date.fromisoformat(each["day"])}) for each in unusual),
        tuple(Share(**{**each, "day": date.fromisoformat(each["day"])}) for each in too_many),
    )
