"""It runs by itself: files are dropped while Dagster runs as people start it, and nobody does anything else."""

import os
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from deltalake import DeltaTable

from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake import Lake
from complaints_platform.lake.store import open_store
from complaints_platform.pipeline.data_sets import RECONCILIATION
from complaints_platform.pipeline.staleness import StalenessWatch
from complaints_platform.settings import load_settings
from complaints_platform_tests.ui.dagster_server import running_dagster, wait_until

GROWING = 0.15
REDELIVERED = 0.3
PIECES = 4
SECONDS_A_PIECE = 0.4
RUNS = "{ runsOrError { ... on Runs { results { runId jobName status startTime endTime tags { key value } } } } }"


@dataclass
class Drop:
    """A file on its way into the landing."""

    source: str
    name: str
    data: bytes
    grows: bool
    closed: float = 0.0

    @property
    def hash(self):
        return sha256(self.data).hexdigest()


@dataclass
class Drill:
    """Files dropped in random order at random moments, by several senders at once."""

    landing: Path
    drops: list
    seconds: float
    failures: list = field(default_factory=list)

    @classmethod
    def of(cls, landing, staging, count, seconds, seed=7):
        chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
        today = datetime.now(UTC).date()
        unique = round(count * (1 - REDELIVERED))
        rare = max(1, unique // 20)
        pools = {
            "old": _files(staging / "old", today - timedelta(days=730), 2),
            "tomorrow": _files(staging / "tomorrow", today + timedelta(days=1), 1),
            "now": _files(staging / "now", today - timedelta(days=9), 10),
        }
        chosen = [*chance.sample(pools["old"], rare), *chance.sample(pools["tomorrow"], rare)]
        chosen += chance.sample(pools["now"], unique - len(chosen))
        again = [
            (source, f"again-{number}-{name}", data)
            for number, (source, name, data) in enumerate(chance.choices(chosen, k=count - unique))
        ]
        drops = [Drop(*each, grows=chance.random() < GROWING) for each in [*chosen, *again]]
        chance.shuffle(drops)
        return cls(landing, drops, seconds)

    def run(self):
        """Drop everything, evenly over the time; return when the last file is closed."""
        begun = time.monotonic()
        senders = []
        for number, drop in enumerate(self.drops):
            wait = begun + self.seconds * number / len(self.drops) - time.monotonic()
            if wait > 0:
                threading.Event().wait(wait)
            sender = threading.Thread(target=self._send, args=(drop,))
            sender.start()
            senders.append(sender)
        for sender in senders:
            sender.join()

    def _send(self, drop):
        path = self.landing / drop.source / drop.name
        path.parent.mkdir(parents=True, exist_ok=True)
        pieces = PIECES if drop.grows else 1
        size = max(1, -(-len(drop.data) // pieces))
        with path.open("wb") as file:
            for start in range(0, len(drop.data), size):
                file.write(drop.data[start : start + size])
                file.flush()
                os.fsync(file.fileno())
                if pieces > 1:
                    threading.Event().wait(SECONDS_A_PIECE)
        drop.closed = time.time()


def _files(folder, first_day, days):
    """Return (source, name, bytes) of generated files."""
    options = GeneratorOptions(days=days, per_day=120, first_day=first_day)
    write_files(options, open_store(str(folder / "landing")), open_store(str(folder / "truth")))
    found = []
    for path in sorted((folder / "landing").rglob("*")):
        if path.is_file():
            source, *rest = path.relative_to(folder / "landing").parts
            found.append((source, f"{first_day}-{'-'.join(rest)}", path.read_bytes()))
    return found


class Result:
    """What a drill brought: runs, and how long each file took to its numbers in the marts."""

    def __init__(self, dagster, drill):
        self.runs = dagster.ask(RUNS)["runsOrError"]["results"]
        ended = {run["runId"]: run["endTime"] for run in self.runs}
        table = RECONCILIATION.table(Lake(dagster.lake))
        closed = {}
        for drop in drill.drops:
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
    drill = Drill.of(landing, folder / "staging", count, seconds)
    first_day = datetime.now(UTC).date() - timedelta(days=800)
    options = {"first_day": first_day, "automation": "true", **settings}
    with running_dagster(folder, "dg", "dev", **options) as dagster:
        drill.run()
        ours = load_settings(profile="test", lake=dagster.lake, landing=str(landing), first_day=first_day)
        wait_until(lambda: is_done(dagster, ours, drill), patience, "not everything is in the marts")
        return Result(dagster, drill), drill, ours


def is_done(dagster, settings, drill):
    lake = Lake(settings.lake)
    if any(lake.receipts.get(drop.source, drop.hash) is None for drop in drill.drops):
        return False
    runs = dagster.ask(RUNS)["runsOrError"]["results"]
    if any(run["status"] not in {"SUCCESS", "FAILURE", "CANCELED"} for run in runs):
        return False
    return StalenessWatch().find(settings).days == {}


def test_files_dropped_at_any_time_are_in_the_marts_and_nobody_did_anything(tmp_path):
    result, drill, settings = drop_and_wait(tmp_path, 20, 8, 150, tick_seconds=5, settle_seconds=1)
    print(result.describe())  # noqa: T201
    check(result, drill, settings)


@pytest.mark.drill
def test_two_hundred_files_in_two_minutes_reconcile_within_thirty_seconds_each(tmp_path):
    result, drill, settings = drop_and_wait(tmp_path, 200, 120, 300, tick_seconds=5, settle_seconds=1)
    print(result.describe())  # noqa: T201
    check(result, drill, settings)
    assert result.percentile(0.95) <= 30, result.describe()


def check(result, drill, settings):
    assert {run["status"] for run in result.runs} == {"SUCCESS"}, result.runs
    lake = Lake(settings.lake)
    files = RECONCILIATION.table(lake).scan().collect()
    assert files["reconciles"].all()
    assert sorted(files["raw_sha256"]) == sorted({drop.hash for drop in drill.drops})
