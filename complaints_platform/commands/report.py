"""``complaints report``: make a report, or list those that were sent."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, print_json

app = typer.Typer(help="Reports of a day or a week, as people are sent them.", no_args_is_help=True)


@app.command()
def make(
    *,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day it is about.")],
    kind: Annotated[
        Literal["daily", "weekly"], typer.Option(help="That day, or the seven days that end with it.")
    ] = "daily",
    to: Annotated[Path | None, typer.Option("--out", help="Write the page to this file too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a report from the published tables, keep it in the lake, and say what it says."""
    from complaints_platform.serving.report.making import make_and_keep
    from complaints_platform.serving.report.sentences import sentences, title

    made, kept = make_and_keep(open_platform(), kind, day.date())
    if to is not None:
        to.write_text(made.page, encoding="utf-8")
    if as_json:
        said = {"title": title(made.figures), "sentences": sentences(made.figures), "name": kept.name}
        print_json({**said, "numbers": made.figures.numbers()})
        return
    typer.echo(title(made.figures))
    for sentence in sentences(made.figures):
        typer.echo(f"  {sentence}")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the reports that were made, the latest day first."""
    reports = open_platform().lake.reports.all(["daily", "weekly"])
    if as_json:
        print_json([{"kind": each.kind, "day": each.day, "name": each.name} for each in reports])
        return
    for each in reports:
        typer.echo(f"{each.day}  {each.kind:7}  made {each.made_at:%Y-%m-%d %H:%M} UTC")
    if not reports:
        typer.echo("none yet: complaints report make --day YYYY-MM-DD")
