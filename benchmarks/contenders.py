"""The contenders of the whole path, from files to marts: how each is run, and its result."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.meter import Cost
from benchmarks.processes import result_of, run_module, run_script
from benchmarks.workload import Workload

PLATFORM, DIRECT = "platform", "direct"
PEERS = {
    "polars": ["p_polars.py", "all"],
    "polars-day": ["p_polars.py", "day"],
    "pandas": ["p_pandas.py"],
}
"""Contender → the peers' script, and its mode."""

ALL = (PLATFORM, DIRECT, *PEERS)


@dataclass(frozen=True)
class Result:
    """One run of one contender."""

    contender: str
    total: Cost
    stages: Mapping[str, Cost]
    counts: Mapping[str, Any]
    load: float
    """Load average of the machine when it began: above 0 somebody else was at work."""
    lake_mb: float | None = None


@dataclass(frozen=True)
class Training:
    """What was trained before the runs, on either side."""

    seconds: float
    accuracy: float


@dataclass(frozen=True)
class Bench:
    """The contenders over one workload."""

    workload: Workload
    work: Path
    trained: dict[str, Training] = field(default_factory=dict)

    def train(self) -> None:
        """Train both sides' models, once.

        Raises:
            BenchmarkError: a training failed.
        """
        shutil.rmtree(self._trained_lake, ignore_errors=True)
        ours = self._platform("train", self._trained_lake)
        self.trained["platform"] = Training(ours["seconds"], ours["accuracy"])
        started = time.perf_counter()
        accuracy = float(self._peer("train.py", str(self.workload.data)))
        self.trained["peers"] = Training(time.perf_counter() - started, accuracy)

    def run(self, contender: str) -> Result:
        """Run one contender from nothing but the files and its model.

        Raises:
            BenchmarkError: it failed.
        """
        load = os.getloadavg()[0]
        if contender in PEERS:
            return self._run_peer(contender, load)
        lake = self.work / "lake"
        landing = self.work / "landing"
        for folder in (lake, landing, self.work / "dagster"):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._trained_lake, lake)
        self.workload.landing(landing)
        got = self._platform("dagster" if contender == PLATFORM else "direct", lake)
        for folder in (lake, landing, self.work / "dagster"):
            shutil.rmtree(folder, ignore_errors=True)
        stages = {name: Cost(**cost) for name, cost in got["stages"].items()}
        return Result(contender, Cost(**got["total"]), stages, got["counts"], load, got["lake_mb"])

    @property
    def _trained_lake(self) -> Path:
        return self.work / f"trained-{self.workload.records}"

    def _run_peer(self, contender: str, load: float) -> Result:
        script, *mode = PEERS[contender]
        out = self.work / "peer-out"
        got = result_of(self._peer(script, str(self.workload.data), str(out), *mode))
        shutil.rmtree(out, ignore_errors=True)
        stages = {name: Cost(wall, cpu, peak) for name, wall, cpu, peak in got["steps"]}
        counts = {name: value for name, value in got.items() if name not in {"engine", "steps"}}
        return Result(contender, Cost(got["total"], got["cpu"], got["peak_mb"]), stages, counts, load)

    def _peer(self, *command: str) -> str:
        return run_script(self.workload.peers, *command)

    def _platform(self, way: str, lake: Path) -> dict[str, Any]:
        workload = self.workload
        return run_module(self.work, lake, "platform_run", way, workload.data, workload.peers, workload.records)
