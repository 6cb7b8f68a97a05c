"""What commands share: options, and how they print text, tables, JSON and progress."""

import getpass
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

    from complaints_platform.commands.running import Run

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Author = Annotated[str | None, typer.Option(help="Who says so; by default the user of this machine.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a text as it is, whatever brackets it holds."""
    out.print(text, markup=False, emoji=False)


def print_json(document: object, *, indent: int | None = None) -> None:
    """Print for machines: one line, unless indented; dates and the like as text."""
    typer.echo(json.dumps(document, indent=indent, default=str))


def print_table(frame: "pl.DataFrame") -> None:
    """Print all rows of a frame."""
    table = Table(*frame.columns)
    for row in frame.iter_rows():
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    out.print(table)


def numbers_table(*columns: str, text_columns: int = 1) -> Table:
    """Return an empty table whose columns after the first ones hold numbers."""
    from rich.box import SIMPLE_HEAD

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[text_columns:]:
        column.justify = "right"
    return table


def print_runs(runs: "Iterable[Run]", *, as_json: bool = False, **more: Any) -> int:
    """Print each run when it has ended, or all as one JSON object with ``more``; return how many they are."""
    lines = []
    for run in runs:
        lines.append(run.describe())
        if not as_json:
            say(f"done: {lines[-1]}")
    if as_json:
        print_json({**more, "runs": lines})
    return len(lines)


def progress_bar() -> Progress:
    """Return a bar on stderr that goes when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)


def plural(count: int, noun: str) -> str:
    """Return the count with its noun: ``1 file``, ``2 files``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def author_or_user(author: str | None) -> str:
    """Return who decides: the name given, or the user of this machine."""
    return author or getpass.getuser()
