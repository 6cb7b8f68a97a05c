"""The part of docs/marts.md that is made from the registry: ``python -m complaints_platform.marts.documentation FILE``.

Nothing is defined here; what is wrong in it is corrected in the files of the marts.
"""

import sys
from pathlib import Path

from complaints_platform.marts.definition import Mart
from complaints_platform.marts.registry import MARTS

BEGIN, END = "<!-- from the registry -->\n", "<!-- end -->\n"


def documentation() -> str:
    """Return metrics and marts as Markdown."""
    metrics = [_metrics(mart) for mart in MARTS.values() if mart.metrics]
    return "\n".join(["## Metrics\n", *metrics, "## Tables\n", *map(_columns, MARTS.values())])


def renewed(document: str) -> str:
    """Return a document with the part between its marks written again; ``ValueError`` if it has none."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{documentation()}\n{END}{after}"


def metrics_table(mart: Mart) -> str:
    """Return the metrics of a mart as a table in Markdown."""
    rows = [
        f"| `{metric.name}` | **{metric.title}.** {metric.description} | {metric.formula} | {metric.unit} |"
        for metric in mart.metrics
    ]
    return "\n".join(["| metric | meaning | formula | unit |", "|---|---|---|---|", *rows, ""])


def _metrics(mart: Mart) -> str:
    by = ", ".join(f"`{name}`" for name in mart.dimensions)
    return f"### From `{mart.name}`\n\n{metrics_table(mart)}\nBy {by}.\n"


def _columns(mart: Mart) -> str:
    rows = [f"| `{name}` | {column.description} |" for name, column in mart.model.to_schema().columns.items()]
    head = f"### `{mart.name}`\n\nOne row is {mart.grain}. {mart.description}\n"
    return "\n".join([head, "| column | |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
