"""What micro-batches cost at hours of a large day, as Markdown for people."""

from itertools import pairwise
from statistics import median
from typing import Any

COLUMNS = (
    "hour",
    "rows of the day",
    "micro-batches a run of collect",
    "of tables",
    "CPU s a micro-batch: collect",
    "tables",
    "both",
    "MB a micro-batch",
    "CPU s a look",
    "median s to the marts",
    "longest",
)


def markdown(measured: dict[str, Any]) -> str:
    """Return the table of what ``intra_day_run`` measured."""
    hours = measured["hours"]
    lines = [
        f"## A day of {measured['records']:,} records in {measured['micro_batches']:,} micro-batches",
        "",
        f"Up to each hour, {measured['together']} of them lie in a file.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---:|" + "---:|" * (len(COLUMNS) - 1),
        *map(_row, hours),
    ]
    for first, later in pairwise(hours):
        cpu, written = (_both(later, what) / _both(first, what) for what in ("cpu_s", "bytes"))
        lines += ["", f"Hour {later['hour']} against hour {first['hour']}: CPU {cpu:.2f}, bytes {written:.2f}."]
    return "\n".join(lines)


def _row(hour: dict[str, Any]) -> str:
    collect, passes = hour["collect"], hour["passes"]
    cells = [
        f"{hour['hour']}",
        f"{hour['rows']:,}",
        *(f"{part['micro_batches'] / part['runs']:.1f}" for part in (collect, passes)),
        *(f"{_each(part, 'cpu_s'):.2f}" for part in (collect, passes)),
        f"{_both(hour, 'cpu_s'):.2f}",
        f"{_both(hour, 'bytes') / 1e6:.1f}",
        f"{hour['look_cpu_s']:.2f}",
        f"{median(hour['waited_s']):.0f}",
        f"{max(hour['waited_s']):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _each(part: dict[str, Any], what: str) -> float:
    return float(part[what]) / int(part["micro_batches"])


def _both(hour: dict[str, Any], what: str) -> float:
    """Return what is spent on a micro-batch when it is collected, and when the day's tables are made."""
    return _each(hour["collect"], what) + _each(hour["passes"], what)
