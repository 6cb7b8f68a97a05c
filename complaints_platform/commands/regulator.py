"""``complaints regulator-pack``: a month's figures in a regulator's own terms."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from complaints_platform.commands.opening import open_platform


def regulator_pack(
    regulator: Annotated[Literal["ncc", "ofcom", "fcc", "acma"], typer.Option(help="Whose classes are used.")],
    month: Annotated[datetime, typer.Option(formats=["%Y-%m"], help="Month of the reporting time zone: 2026-03.")],
    output: Annotated[Literal["csv", "xlsx", "json"], typer.Option("--format", help="Form of the output.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="File to write; by default, to standard output.")] = None,
) -> None:
    """Fill in the month's figures for a regulator."""
    from complaints_platform.serving.answers.regulator import make_pack

    platform = open_platform()
    classes = platform.taxonomy.crosswalk(regulator)
    pack = make_pack(platform.lake, platform.settings.time_zone, regulator, month.date(), classes)
    rendered = pack.render(output)
    if out is not None:
        out.write_bytes(rendered)
        typer.echo(f"{len(rendered):,} bytes in {out}")
    else:
        typer.get_binary_stream("stdout").write(rendered)
