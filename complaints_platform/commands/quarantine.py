"""``complaints quarantine``: inspect unreadable records, and replay their files."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, plural, print_json, print_runs, print_table, say

if TYPE_CHECKING:
    import polars as pl

    from complaints_platform.platform import Platform

app = typer.Typer(help="Unreadable records: inspect them, fix the contract, replay the files.", no_args_is_help=True)

OfSource = Annotated[str | None, typer.Option("--source", help="Only this source.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]
OfFile = Annotated[str | None, typer.Option("--file", help="Only files with this in their name, or this SHA-256.")]
Since = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only received on this day (UTC) or later.")
]


@app.command("list")
def list_quarantined(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """Count the records in quarantine by day received, source and reason."""
    from complaints_platform.intake.quarantine import count_quarantined

    counts = count_quarantined(_found(open_platform(), source, reason, file, since))
    if as_json:
        typer.echo(counts.write_json())
    elif counts.is_empty():
        say("the quarantine is empty")
    else:
        print_table(counts)
        say(f"{plural(int(counts['records'].sum()), 'record')}. To see them: complaints quarantine show")


@app.command("show")
def show(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    since: Since = None,
    original: Annotated[
        bool, typer.Option("--original", help="Also print the line as the sender wrote it: PERSONAL DATA.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most records to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show where each quarantined record is, why it was quarantined and what to do."""
    from complaints_platform.intake.quarantine import original_line

    platform = open_platform()
    known = platform.collectors() if original else {}
    records = _found(platform, source, reason, file, since)
    newest = records.tail(limit).to_dicts()
    for record in newest:
        line = original_line(known, record) if original else None
        if as_json:
            print_json({**record, **({"original": line} if original else {})})
            continue
        place = f"record {record['record_number']}, line {record['line_number']}" if record["record_number"] else "file"
        typer.echo(f"{record['day']} {record['source']} {record['file_name']} ({record['raw_sha256'][:12]}) {place}")
        typer.echo(f"    {record['reason']}: {record['detail']}")
        if line is not None:
            typer.echo(f"    | {line}")
    if not as_json:
        typer.echo(f"{len(newest):,} of {records.height:,} records in quarantine, newest last")


@app.command("replay")
def replay(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    every_file: Annotated[bool, typer.Option("--every-file", help="Also files without quarantined records.")] = False,
    update_too: Annotated[
        bool, typer.Option("--update/--no-update", help="Afterwards, bring stale tables up to date.")
    ] = True,
) -> None:
    """Parse files again whose contract has changed since, and bring the tables up to date."""
    from complaints_platform.commands.running import Runner
    from complaints_platform.instance.local import local_instance
    from complaints_platform.intake.quarantine import Selection, replayable

    platform = open_platform()
    selection = Selection(source, reason, file)
    files = replayable(platform.lake, platform.collectors(), selection, every_file=every_file)
    if not files:
        say(
            "nothing to replay: every selected file was parsed by the current contract. "
            "Change the contract first (complaints quarantine show says what is wrong)"
        )
        return
    before = _found(platform, source, None, file, None).height
    with local_instance() as instance:
        runner = Runner(platform, instance)
        runner.replay(selection, every_file=every_file)
        after = _found(platform, source, None, file, None).height
        say(f"{plural(len(files), 'file')} replayed: {before:,} records in quarantine before, {after:,} now")
        if update_too:
            print_runs(runner.update())


def _found(
    platform: "Platform", source: str | None, reason: str | None, file: str | None, since: datetime | None
) -> "pl.DataFrame":
    from complaints_platform.intake.quarantine import Selection, quarantined

    selection = Selection(source, reason, file, since.date() if since else None)
    selection.check(sorted(platform.collectors()))
    return quarantined(platform.lake, selection)
