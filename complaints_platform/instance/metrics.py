"""Metrics that Dagster's instance knows: runs, how long they take, checks that fail, daemons that live."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import quantiles

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from complaints_platform.operations.metrics import Gatherer, Metric, by_label, gauge

SEEN = timedelta(days=1)
MOST_RUNS = 5000
CHECKS_KEPT = 60.0


def instance_gatherers(instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]) -> list[Gatherer]:
    """Return the gatherers of an instance; the newest result of each of ``checks`` is among the metrics."""
    return [
        Gatherer("runs", lambda: run_metrics(instance)),
        Gatherer("checks", lambda: check_metrics(instance, checks), CHECKS_KEPT),
        Gatherer("daemons", lambda: daemon_metrics(instance)),
    ]


def run_metrics(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Yield runs of the last 24 hours by job and status, and how long those that ended took and waited."""
    since = datetime.now(UTC) - SEEN
    records = instance.get_run_records(dg.RunsFilter(updated_after=since), limit=MOST_RUNS)
    counts = Counter((record.dagster_run.job_name, record.dagster_run.status.value.lower()) for record in records)
    yield gauge(
        "complaints_runs_24h",
        "Runs that changed in the last 24 hours, by job and status.",
        ["job", "status"],
        {key: float(count) for key, count in counts.items()},
    )
    took: dict[str, list[float]] = {}
    waited: dict[str, list[float]] = {}
    for record in records:
        if record.start_time is not None and record.end_time is not None:
            took.setdefault(record.dagster_run.job_name, []).append(record.end_time - record.start_time)
            created = record.create_timestamp.timestamp()
            waited.setdefault(record.dagster_run.job_name, []).append(max(0.0, record.start_time - created))
    for name, text, times in (
        ("complaints_run_seconds", "Seconds from start to end of runs of the last 24 hours.", took),
        ("complaints_run_wait_seconds", "Seconds from creation to start of runs of the last 24 hours.", waited),
    ):
        yield gauge(
            name,
            text,
            ["job", "quantile"],
            {(job, share): value for job, of in times.items() for share, value in _quantiles(of).items()},
        )


def _quantiles(values: list[float]) -> dict[str, float]:
    if len(values) == 1:
        return {"0.5": values[0], "0.95": values[0]}
    cuts = quantiles(values, n=20, method="inclusive")
    return {"0.5": cuts[9], "0.95": cuts[18]}


def check_metrics(instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]) -> Iterator[Metric]:
    """Yield of each check whether its newest evaluation failed, and when it was; those never evaluated are absent."""
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    ended = {AssetCheckExecutionRecordStatus.SUCCEEDED: 0.0, AssetCheckExecutionRecordStatus.FAILED: 1.0}
    failing: dict[tuple[str, ...], float] = {}
    times: dict[tuple[str, ...], float] = {}
    for key, record in found.items():
        if record.status in ended:
            label = (key.asset_key.to_user_string(), key.name)
            failing[label] = ended[record.status]
            times[label] = record.create_timestamp
    yield gauge("complaints_check_failed", "1 if a check's newest evaluation failed.", ["asset", "check"], failing)
    yield gauge("complaints_check_timestamp_seconds", "When a check was evaluated last.", ["asset", "check"], times)


def daemon_metrics(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Yield the age of each daemon's heartbeat."""
    beats = instance.get_daemon_heartbeats()
    ages = {name: max(0.0, time.time() - beat.timestamp) for name, beat in beats.items()}
    text = "Seconds since a daemon of Dagster gave a sign of life."
    yield by_label("daemon", "complaints_daemon_heartbeat_age_seconds", text, ages)
