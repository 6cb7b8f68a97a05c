"""What was measured, as Markdown for people and as JSON for machines."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.contenders import ALL, DIRECT, PLATFORM, Bench, Result
from benchmarks.meter import Cost

PACKAGES = ("dagster", "polars", "deltalake", "numpy", "scikit-learn", "pandas")
NAMES = {
    PLATFORM: "**complaints_platform, through Dagster**",
    DIRECT: "the same recipes, without Dagster",
    "polars": "p_polars.py all",
    "polars-day": "p_polars.py day",
    "pandas": "p_pandas.py",
}
STAGES = ("collect", "cleaned", "categorized", "marts", "checks")


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the median of each number by itself."""
    return Cost(*(median(getattr(cost, name) for cost in costs) for name in ("wall_s", "cpu_s", "peak_mb")))


def markdown(bench: Bench, results: Sequence[Result]) -> str:
    """Return the section of one size of the workload."""
    records = bench.workload.records
    by_contender = {name: [result for result in results if result.contender == name] for name in ALL}
    lines = [f"## {records:,} complaints, 30 days, four channels", ""]
    lines += _totals(records, by_contender)
    if by_contender[PLATFORM]:
        lines += _stages(records, by_contender[PLATFORM])
    lines += _shares(by_contender)
    lines += _notes(bench, by_contender)
    return "\n".join(lines)


def as_json(bench: Bench, results: Sequence[Result]) -> dict[str, Any]:
    """Return everything that was measured, run by run."""
    return {
        "records": bench.workload.records,
        "training": {side: asdict(trained) for side, trained in bench.trained.items()},
        "runs": [asdict(result) for result in results],
    }


def machine() -> dict[str, str]:
    """Describe what it was measured on."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _totals(records: int, by_contender: dict[str, list[Result]]) -> list[str]:
    lines = ["| | wall s | CPU s | rows/s | peak memory, MB | rounds |", "|---|---:|---:|---:|---:|---:|"]
    for name, results in by_contender.items():
        if results:
            cost = medians([result.total for result in results])
            lines.append(f"| {NAMES[name]} | {_numbers(cost, records)} | {len(results)} |")
    return [*lines, ""]


def _stages(records: int, results: list[Result]) -> list[str]:
    lines = [
        "Stages of the platform, by Dagster's step events:",
        "",
        "| | wall s | CPU s | rows/s | peak memory, MB |",
        "|---|---:|---:|---:|---:|",
    ]
    staged = Cost(0, 0, 0)
    for stage in STAGES:
        cost = medians([result.stages[stage] for result in results])
        staged = Cost(staged.wall_s + cost.wall_s, staged.cpu_s + cost.cpu_s, 0)
        lines.append(f"| {stage} | {_numbers(cost, records)} |")
    total = medians([result.total for result in results])
    lines.append(f"| between the steps | {total.wall_s - staged.wall_s:.1f} | {total.cpu_s - staged.cpu_s:.1f} | | |")
    return [*lines, ""]


def _shares(by_contender: dict[str, list[Result]]) -> list[str]:
    if not (by_contender[PLATFORM] and by_contender[DIRECT]):
        return []
    with_dagster = medians([result.total for result in by_contender[PLATFORM]])
    without = medians([result.total for result in by_contender[DIRECT]])
    sentence = (
        f"Dagster's own share (1 - without / with): {1 - without.cpu_s / with_dagster.cpu_s:.0%} of the CPU time "
        f"({with_dagster.cpu_s - without.cpu_s:.1f} s), {1 - without.wall_s / with_dagster.wall_s:.0%} of the wall "
        "time (only meaningful on an idle machine)."
    )
    return [sentence, ""]


def _notes(bench: Bench, by_contender: dict[str, list[Result]]) -> list[str]:
    lines = []
    if by_contender[PLATFORM]:
        result = by_contender[PLATFORM][-1]
        counts = result.counts
        lines.append(
            f"Of {counts['received']:,} records received: {counts['complaints']:,} complaints (of which "
            f"{counts['near_duplicates']:,} near duplicates), {counts['duplicates']:,} exact duplicates, "
            f"{counts['quarantined']:,} quarantined. The lake takes {result.lake_mb:,.0f} MB, originals included."
        )
    if by_contender["polars"]:
        theirs = by_contender["polars"][-1].counts
        lines.append(
            f"p_polars.py: {theirs['n']:,} read, {theirs['bad']:,} unreadable, {theirs['n'] - theirs['exact']:,} exact "
            f"and {theirs['near']:,} near duplicates."
        )
    lines += [
        f"Training beforehand, {side}: {trained.seconds:.1f} s, accuracy {trained.accuracy:.3f} on held-out labels."
        for side, trained in bench.trained.items()
    ]
    loads = [result.load for results in by_contender.values() for result in results]
    lines.append(f"Load average of the machine when runs began: {min(loads):.1f} to {max(loads):.1f}.")
    return ["  \n".join(lines), ""]


def _numbers(cost: Cost, records: int) -> str:
    return f"{cost.wall_s:.1f} | {cost.cpu_s:.1f} | {records / cost.wall_s:,.0f} | {cost.peak_mb:,.0f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
