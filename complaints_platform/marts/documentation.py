"""The part of docs/marts.md that is made from the registry: ``python -m complaints_platform.marts.documentation FILE``.

Nothing is defined here; what is wrong in it is corrected in ``registry`` or in the models.
"""

import sys
from pathlib import Path

from complaints_platform.marts.definition import Mart, Metric
from complaints_platform.marts.registry import MARTS, METRICS

BEGIN, END = "<!-- from the registry -->\n", "<!-- end -->\n"


def documentation() -> str:
    """Return metrics and marts as Markdown."""
    metrics = [text for text in map(_of_mart, MARTS.values()) if text]
    return "\n".join(["## Metrics\n", *metrics, "## Tables\n", *map(_columns, MARTS.values())])


def renewed(document: str) -> str:
    """Return a document with what stands between the marks made anew.

    Raises:
        ValueError: the marks are not in it.
    """
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{documentation()}\n{END}{after}"


def _of_mart(mart: Mart) -> str:
    metrics = [metric for metric in METRICS.values() if metric.table == mart.name]
    if not metrics:
        return ""
    lines = [
        f"### From `{mart.name}`\n",
        "| metric | what it says | formula | unit |",
        "|---|---|---|---|",
        *map(_row, metrics),
        "",
        *_dimensions(metrics),
    ]
    return "\n".join(lines)


def _row(metric: Metric) -> str:
    return f"| `{metric.name}` | **{metric.title}.** {metric.description} | {metric.formula} | {metric.unit} |"


def _dimensions(metrics: list[Metric]) -> list[str]:
    by = sorted({metric.dimensions for metric in metrics})
    return [f"By {', '.join(f'`{name}`' for name in dimensions)}.\n" for dimensions in by]


def _columns(mart: Mart) -> str:
    rows = [f"| `{name}` | {column.description} |" for name, column in mart.model.to_schema().columns.items()]
    head = f"### `{mart.name}`\n\nOne row is {mart.grain}. {mart.description}\n"
    return "\n".join([head, "| column | |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
