"""The contenders from files to de-duplicated complaints, and how the platform's cost grows: what is run when.

What the processes measure stands in ``cleaning_run``, ``history_run`` and ``usual_recipe``; tables for
people in ``cleaning_report``.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.correctness import check_cleaning
from benchmarks.measured import (
    ONE_LANGUAGE,
    PLATFORM,
    POLARS,
    USUAL,
    CleaningResult,
    DayCost,
    Found,
    HistoryResult,
    Spent,
)
from benchmarks.meter import Cost
from benchmarks.processes import result_of, run_module, run_script
from benchmarks.workload import MONTH, Workload, prepare, sources_with_ids

SPAN = ("parse", "clean", "redact", "exact", "near")
"""Steps of p_polars.py that the other contenders do, too; what it does next is not theirs."""

WRITE = "write"
"""The step in which p_polars.py stores what it found; the platform stores it within its own span."""

HISTORY_RECORDS_A_DAY = 1000

MEASURED_DAYS = 20
"""Consecutive days that are measured for each size of a lake."""


class CleaningBench:
    """The contenders over one workload of a month, and the platform alone over others."""

    def __init__(self, records: int, peers: Path, work: Path, say: Callable[[str], None]) -> None:
        self.records = records
        self._peers = peers
        self._work = work
        self._say = say

    def compare(self, contenders: Sequence[str], rounds: int) -> list[CleaningResult]:
        """Let the contenders run in turn, several rounds, and check what each finds.

        Raises:
            BenchmarkError: one failed, or did not find what the others found.
        """
        workload = self._workload(MONTH)
        if POLARS in contenders:
            # The script loads its classifier before all else, although what it does with it is not measured here.
            run_script(workload.peers, "train.py", str(workload.data))
        results: list[CleaningResult] = []
        for number in range(1, rounds + 1):
            for contender in contenders:
                result = self._run(contender, workload)
                self._say(f"round {number}, {contender}: {_in_words(result.total)} (load before: {result.load:.1f})")
                results.append(result)
        check_cleaning(results, workload)
        return results

    def scale(self, days: Sequence[int], rounds: int) -> list[CleaningResult]:
        """Run the platform over workloads of some numbers of days, each day of the same size, in turn.

        Raises:
            BenchmarkError: a run failed, or lost records.
        """
        workloads = {number: self._workload(number) for number in days}
        results = []
        for round_ in range(1, rounds + 1):
            for number, workload in workloads.items():
                result = self._run_platform(workload)
                self._say(f"round {round_}, {number} days: {_in_words(result.total)} (load before: {result.load:.1f})")
                check_cleaning([result], workload)
                results.append(result)
        return results

    def history(self, sizes: Sequence[int]) -> list[HistoryResult]:
        """Live a lake day by day, once without and once with the senders' own ids.

        Raises:
            BenchmarkError: a run failed.
        """
        days = max(sizes) + MEASURED_DAYS
        workload = prepare(days * HISTORY_RECORDS_A_DAY, self._peers, self._work, days)
        lake = self._work / "lake"
        results = []
        for with_ids in (False, True):
            more = {"sources": sources_with_ids(self._work / "sources-with-ids")} if with_ids else {}
            self._say(f"{days:,} days one by one, {'with' if with_ids else 'without'} the senders' ids …")
            shutil.rmtree(lake, ignore_errors=True)
            got = run_module(self._work, lake, "history_run", workload.data, MEASURED_DAYS, *sizes, **more)
            results.append(HistoryResult(with_ids, [_day_cost(**day) for day in got["days"]]))
        shutil.rmtree(lake, ignore_errors=True)
        return results

    def _workload(self, days: int) -> Workload:
        return prepare(self.records * days // MONTH, self._peers, self._work, days)

    def _run(self, contender: str, workload: Workload) -> CleaningResult:
        if contender in {PLATFORM, ONE_LANGUAGE}:
            return self._run_platform(workload, contender)
        return self._run_polars(workload) if contender == POLARS else self._run_usual(workload)

    def _run_platform(self, workload: Workload, contender: str = PLATFORM) -> CleaningResult:
        lake, landing = self._work / "lake", self._work / "landing"
        for folder in (lake, landing):
            shutil.rmtree(folder, ignore_errors=True)
        workload.landing(landing)
        load = os.getloadavg()[0]
        # With one language expected there is none to tell apart: the peers detect none either.
        languages = "en" if contender == ONE_LANGUAGE else None
        got = run_module(self._work, lake, "cleaning_run", workload.data, languages=languages)
        for folder in (lake, landing):
            shutil.rmtree(folder)
        return _result(contender, workload, got, load)

    def _run_usual(self, workload: Workload) -> CleaningResult:
        load = os.getloadavg()[0]
        got = run_module(self._work, self._work / "lake", "usual_recipe", workload.data)
        return _result(USUAL, workload, got, load)

    def _run_polars(self, workload: Workload) -> CleaningResult:
        load, out = os.getloadavg()[0], self._work / "peer-out"
        got = result_of(run_script(workload.peers, "p_polars.py", str(workload.data), str(out), "all"))
        shutil.rmtree(out, ignore_errors=True)
        stages = {name: Cost(wall, cpu, peak) for name, wall, cpu, peak in got["steps"] if name in {*SPAN, WRITE}}
        return CleaningResult(
            POLARS,
            workload.days,
            total([stages[name] for name in SPAN]),
            stages,
            Found(got["n"] + got["bad"], got["bad"], got["n"] - got["exact"], got["near"]),
            load,
        )


def total(costs: Sequence[Cost]) -> Cost:
    """Return what steps cost that ran one after the other."""
    return Cost(
        sum(cost.wall_s for cost in costs), sum(cost.cpu_s for cost in costs), max(cost.peak_mb for cost in costs)
    )


def _result(contender: str, workload: Workload, got: Mapping[str, Any], load: float) -> CleaningResult:
    stages = {name: Cost(**cost) for name, cost in got["stages"].items()}
    return CleaningResult(contender, workload.days, Cost(**got["total"]), stages, Found(**got["found"]), load)


def _day_cost(size: int, **steps: Mapping[str, float]) -> DayCost:
    return DayCost(size, **{name: Spent(**spent) for name, spent in steps.items()})


def _in_words(cost: Cost) -> str:
    return f"{cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {cost.peak_mb:,.0f} MB"
