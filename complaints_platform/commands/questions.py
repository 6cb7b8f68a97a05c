"""``complaints query`` and ``complaints status``: what the lake holds, and in what state it is."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, out, print_json


def query(
    sql: Annotated[
        str, typer.Argument(help='One SELECT over data sets, such as "SELECT * FROM mart.daily_complaints".')
    ],
    output: Annotated[str, typer.Option("--format", help="table, csv, json (one object a line) or parquet.")] = "table",
    to: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
) -> None:
    """Query the data sets in SQL. Read-only: a query can't write, read files or use the network."""
    from complaints_platform.serving.sql.query import FORMATS, Catalogue, render, run_query

    if output not in FORMATS:
        raise typer.BadParameter(f"{output!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    result = render(run_query(Catalogue.of(open_platform()), sql), output)
    if to is not None:
        to.write_bytes(result)
    else:
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()


def status(as_json: AsJson = False) -> None:
    """Show what arrived, what is waiting in the landing and what is stale."""
    from complaints_platform.serving.status import gather, render_text

    found = gather(open_platform())
    if as_json:
        print_json(found.as_json(), indent=2)
    else:
        render_text(found, out)
