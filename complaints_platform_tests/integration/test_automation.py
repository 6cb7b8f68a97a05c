"""It runs by itself: files are dropped while Dagster runs as people start it, and nobody does anything else."""

from datetime import UTC, datetime, timedelta

import pytest
from deltalake import DeltaTable

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import RECONCILIATION
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests.integration.dropping import Dropping
from complaints_platform_tests.ui.dagster_server import running_dagster, wait_until

RUNS = "{ runsOrError { ... on Runs { results { runId jobName status startTime endTime tags { key value } } } } }"


class Result:
    """What dropping brought: runs, and how long each file took to its numbers in the marts."""

    def __init__(self, dagster, dropping):
        self.runs = dagster.ask(RUNS)["runsOrError"]["results"]
        ended = {run["runId"]: run["endTime"] for run in self.runs}
        table = RECONCILIATION.table(Lake(dagster.lake))
        closed = {}
        for drop in dropping.drops:
            closed[drop.hash] = min(drop.closed, closed.get(drop.hash, drop.closed))
        self.latencies = {}
        for commit in reversed(DeltaTable(table.uri).history()):
            if "run_id" not in commit:
                continue
            version = DeltaTable(table.uri, version=commit["version"]).to_pyarrow_table(
                columns=["raw_sha256", "waiting"]
            )
            for row in version.to_pylist():
                if row["waiting"] == 0 and row["raw_sha256"] not in self.latencies:
                    at = ended[commit["run_id"]]
                    self.latencies[row["raw_sha256"]] = at - closed[row["raw_sha256"]]

    def percentile(self, share):
        ordered = sorted(self.latencies.values())
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def runs_of(self, job):
        return [run for run in self.runs if run["jobName"] == job]

    def describe(self):
        jobs = sorted({run["jobName"] for run in self.runs})
        counts = ", ".join(f"{job} {len(self.runs_of(job))}" for job in jobs)
        return (
            f"{len(self.latencies)} files; close to marts p50 {self.percentile(0.5):.1f} s, "
            f"p95 {self.percentile(0.95):.1f} s, longest {self.percentile(1):.1f} s; runs: {counts}"
        )


def drop_and_wait(folder, count, seconds, patience, **settings):
    landing = folder / "landing"
    landing.mkdir()
    dropping = Dropping.of(landing, folder / "staging", count)
    first_day = datetime.now(UTC).date() - timedelta(days=800)
    options = {"first_day": first_day, "automation": "true", **settings}
    with running_dagster(folder, "dg", "dev", **options) as dagster:
        dropping.send(dropping.drops, seconds)
        ours = load_settings(profile="test", lake=dagster.lake, landing=str(landing), first_day=first_day)
        wait_until(lambda: is_done(dagster, ours, dropping), patience, "not everything is in the marts")
        return Result(dagster, dropping), dropping, ours


def is_done(dagster, settings, dropping):
    lake = Lake(settings.lake)
    if any(lake.receipts.get(drop.source, drop.hash) is None for drop in dropping.drops):
        return False
    runs = dagster.ask(RUNS)["runsOrError"]["results"]
    if any(run["status"] not in {"SUCCESS", "FAILURE", "CANCELED"} for run in runs):
        return False
    return Platform(settings).stale().days == {}


def test_files_dropped_at_any_time_are_in_the_marts_and_nobody_did_anything(tmp_path):
    result, dropping, settings = drop_and_wait(tmp_path, 20, 8, 400, tick_seconds=5, settle_seconds=3)
    print(result.describe())  # noqa: T201
    check(result, dropping, settings)


@pytest.mark.drill
@pytest.mark.parametrize(
    ("profile", "longest"), [({"tick_seconds": 5, "settle_seconds": 1}, 30), ({}, 90)], ids=["fast", "default"]
)
def test_two_hundred_files_in_two_minutes_reconcile_in_time(tmp_path, profile, longest):
    result, dropping, settings = drop_and_wait(tmp_path, 200, 120, 400, **profile)
    print(result.describe())  # noqa: T201
    check(result, dropping, settings)
    assert result.percentile(0.95) <= longest, result.describe()


def check(result, dropping, settings):
    assert {run["status"] for run in result.runs} == {"SUCCESS"}, result.runs
    lake = Lake(settings.lake)
    files = RECONCILIATION.table(lake).scan().collect()
    assert files["reconciles"].all()
    assert sorted(files["raw_sha256"]) == sorted({drop.hash for drop in dropping.drops})
