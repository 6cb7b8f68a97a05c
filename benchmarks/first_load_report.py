"""A first load as Markdown for people."""

from typing import Any


def markdown(measured: dict[str, Any]) -> str:
    """Return the table of what ``first_load_run`` measured."""
    days, single = measured["days"], measured["single_runs"]
    a_run_a_day = {name: measured["single"][name] / single * days for name in ("wall_s", "cpu_s")}
    events = measured["events"]
    share = events["wall_s"] / measured["update"]["wall_s"]
    size = f"{measured['bytes'] / 1e6:,.0f} MB"
    lines = [
        f"## A first load: {measured['rows']:,} complaints of {days:,} days in one file of {size}",
        "",
        "| | runs | wall s | CPU s | peak memory, MB |",
        "|---|---:|---:|---:|---:|",
        _row("collect", 1, measured["collect"]),
        _row("all tables", measured["runs"], measured["update"]),
        _row(f"a run a day (from {single} of them)", days, a_run_a_day),
        "",
        f"{events['count']:,} events of Dagster took {events['wall_s']:,.1f} s, {share:.0%} of the time of all tables.",
        f"Stale afterwards: {measured['stale']} days.",
    ]
    return "\n".join(lines)


def _row(name: str, runs: int, cost: dict[str, float]) -> str:
    peak = f"{cost['peak_mb']:,.0f}" if "peak_mb" in cost else ""
    return f"| {name} | {runs:,} | {cost['wall_s']:,.1f} | {cost['cpu_s']:,.1f} | {peak} |"
