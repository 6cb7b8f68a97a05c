"""What was measured from files to de-duplicated complaints, as Markdown for people."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from benchmarks.cleaning import SPAN, WRITE, total
from benchmarks.measured import (
    CONTENDERS,
    ONE_LANGUAGE,
    PLATFORM,
    POLARS,
    USUAL,
    CleaningResult,
    HistoryResult,
    Spent,
)
from benchmarks.meter import Cost
from benchmarks.report import medians

NAMES = {
    PLATFORM: "**complaints_platform**, stored",
    ONE_LANGUAGE: "the same, one language expected",
    POLARS: f"p_polars.py, {SPAN[0]} to {SPAN[-1]}",
    USUAL: "usual recipe (pandas, ftfy, datasketch)",
}

DAY_STEPS = {
    "collect": "collect",
    "clean": "clean and commit",
    "added": "together",
    "look": "look for what is stale",
}
"""What is measured of a day (``DayCost``), and its column."""


def comparison(results: Sequence[CleaningResult]) -> str:
    """Return the section that compares the contenders over one workload."""
    by_contender = {name: [result for result in results if result.contender == name] for name in CONTENDERS}
    by_contender = {name: runs for name, runs in by_contender.items() if runs}
    rows = {NAMES[name]: [run.total for run in runs] for name, runs in by_contender.items()}
    written = [total([run.stages[name] for name in (*SPAN, WRITE)]) for run in by_contender.get(POLARS, [])]
    if written:
        rows[f"p_polars.py, {SPAN[0]} to {SPAN[-1]} and {WRITE}"] = written
    records = results[0].found.records
    lines = [f"## Files to de-duplicated: {records:,} complaints, {results[0].days} days, four channels", ""]
    lines += _costs(records, rows, rows.get(NAMES[PLATFORM]))
    lines += _found(by_contender)
    lines += _steps(by_contender)
    loads = [result.load for result in results]
    rounds = len(results) // len(by_contender)
    lines += [f"Medians of {rounds}. Load average when runs began: {min(loads):.1f} to {max(loads):.1f}.", ""]
    return "\n".join(lines)


def scale(results: Sequence[CleaningResult]) -> str:
    """Return the section that shows how the platform's cost grows with the number of days of the same size."""
    lines = [
        "## Growth: the platform over more and more days of the same size",
        "",
        "| complaints | days | runs | wall s | CPU s | wall µs a row | CPU µs a row | peak memory, MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for days, of_days in groupby(sorted(results, key=lambda result: result.days), key=lambda result: result.days):
        runs = list(of_days)
        records, cost = runs[0].found.records, medians([run.total for run in runs])
        lines.append(
            f"| {records:,} | {days} | {len(runs)} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | "
            f"{cost.wall_s / records * 1e6:.1f} | {cost.cpu_s / records * 1e6:.1f} | {cost.peak_mb:,.0f} |"
        )
    return "\n".join([*lines, ""])


def history(results: Sequence[HistoryResult], records_a_day: int) -> str:
    """Return the section that shows what one more day costs in lakes of several sizes."""
    columns = ("records are told apart by", "days in the lake", "days measured", *DAY_STEPS.values())
    lines = [
        f"## One more day: {records_a_day:,} complaints in four files, added to a lake that holds many days",
        "",
        "Milliseconds, wall (CPU), medians; in brackets [the dearest day]. Cleaning includes the look-back's day.",
        "",
        f"| {' | '.join(columns)} |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        told = "the senders' ids" if result.with_ids else "their content"
        for size, of_size in groupby(result.days, key=lambda day: day.size):
            days = list(of_size)
            cells = " | ".join(_milliseconds([getattr(day, step) for day in days]) for step in DAY_STEPS)
            lines.append(f"| {told} | {size:,} | {len(days)} | {cells} |")
    return "\n".join([*lines, ""])


def _costs(records: int, rows: dict[str, list[Cost]], platform: list[Cost] | None) -> list[str]:
    lines = [
        "| | wall s | CPU s | rows/s | peak memory, MB | wall, times the platform's | CPU | memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, costs in rows.items():
        cost = medians(costs)
        line = f"| {name} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {records / cost.wall_s:,.0f} | {cost.peak_mb:,.0f} |"
        if platform:
            ours = medians(platform)
            ratios = (cost.wall_s / ours.wall_s, cost.cpu_s / ours.cpu_s, cost.peak_mb / ours.peak_mb)
            line += "".join(f" {ratio:.2f} |" for ratio in ratios)
        else:
            line += " | | |"
        lines.append(line)
    return [*lines, ""]


def _found(by_contender: dict[str, list[CleaningResult]]) -> list[str]:
    lines = ["| found | records | unreadable | exact duplicates | near duplicates |", "|---|---:|---:|---:|---:|"]
    for name, runs in by_contender.items():
        found = runs[0].found
        lines.append(f"| {NAMES[name]} | {found.records:,} | {found.unreadable:,} | {found.exact:,} | {found.near:,} |")
    return [*lines, ""]


def _steps(by_contender: dict[str, list[CleaningResult]]) -> list[str]:
    lines = ["| steps | | wall s | CPU s | peak memory, MB |", "|---|---|---:|---:|---:|"]
    for name, runs in by_contender.items():
        for step in runs[0].stages:
            cost = medians([run.stages[step] for run in runs])
            lines.append(f"| {NAMES[name]} | {step} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.peak_mb:,.0f} |")
    return [*lines, ""]


def _milliseconds(costs: Sequence[Spent]) -> str:
    wall, cpu = (median(getattr(cost, name) for cost in costs) * 1e3 for name in ("wall_s", "cpu_s"))
    return f"{wall:,.0f} ({cpu:,.0f}) [{max(cost.wall_s for cost in costs) * 1e3:,.0f}]"
