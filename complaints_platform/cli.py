"""The ``complaints`` command: parsing, printing and exit codes; the work is done elsewhere."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from complaints_platform.errors import ComplaintsError
from complaints_platform.settings import load_settings

app = typer.Typer(
    help="Customer complaints from files to answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
classifier = typer.Typer(help="Train, evaluate and look at the classifier.", no_args_is_help=True)
labels = typer.Typer(help="Labels that people gave.", no_args_is_help=True)
app.add_typer(classifier, name="classifier")
app.add_typer(labels, name="labels")

FILES_LISTED = 20
"""Collecting more files than this prints totals and failures only; --json always lists all."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
out = Console()
err = Console(stderr=True)


def main() -> None:
    """Run the command line; expected errors, and those of the system, become one line on stderr and exit code 1."""
    try:
        app()
    except (ComplaintsError, OSError) as error:
        err.print(f"[bold red]{type(error).__name__}[/]: {_escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


@app.command()
def generate(
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write into; made if it does not exist.")],
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 30,
    per_day: Annotated[
        int, typer.Option(min=1, help="Complaints a day on average, before copies and corrections.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 7,
    first_day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")] = datetime(2026, 3, 10),  # noqa: DTZ001  # a calendar day
) -> None:
    """Write what four senders would send, in their formats and with their bad habits, and the truth beside it."""
    from complaints_platform.generator.options import GeneratorOptions
    from complaints_platform.generator.output import write_files
    from complaints_platform.lake.store import open_store

    options = GeneratorOptions(days=days, per_day=per_day, seed=seed, first_day=first_day.date())
    store = open_store(str(out_folder))
    with _progress() as progress:
        task = progress.add_task("files", total=None)
        files, size = write_files(options, store, store, lambda: progress.advance(task))
    out.print(f"{files} files, {size / 1e6:.1f} MB below {out_folder}; the truth is in {out_folder / 'truth'}")


@app.command()
def collect(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; none means: what waits in the landing.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="The source whose contract reads them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take files into the lake: originals, raw records by day, quarantine, receipts. The same file twice is a no-op."""
    from complaints_platform.collection.by_hand import collect_jobs
    from complaints_platform.collection.collect import Collected, Status, collect_all, summary

    settings = load_settings()
    jobs = collect_jobs(settings, paths or [], source)
    results: list[Collected] = []
    with _progress() as progress:
        collecting = collect_all(jobs, settings.workers)
        for collector, done in progress.track(collecting, total=len(jobs), description="collecting"):
            results.append(done)
            if as_json:
                line = {"source": collector.source, "file": done.file_name, "status": done.status, **_numbers(done)}
                typer.echo(json.dumps(line))
            elif len(jobs) <= FILES_LISTED or done.status is Status.FAILED:
                typer.echo(f"{collector.source}: {done.describe()}")
    if not as_json:
        typer.echo(summary(results))
    if any(done.status is Status.FAILED for done in results):
        raise typer.Exit(1)


@app.command()
def update(as_json: AsJson = False) -> None:
    """Materialise whatever is stale, through Dagster, in as few runs as possible."""
    from complaints_platform.defs.running import Runner, local_instance

    runs = []
    with local_instance() as instance:
        for run in Runner(load_settings(), instance).update():
            runs.append(run.describe())
            if not as_json:
                out.print(f"done: {run.describe()}", highlight=False)
    if as_json:
        typer.echo(json.dumps({"runs": runs}))
    elif not runs:
        out.print("everything is up to date")


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(help='One SELECT over data sets, such as "SELECT * FROM mart.daily_complaints".')
    ],
    output: Annotated[str, typer.Option("--format", help="table, csv, json (one object a line) or parquet.")] = "table",
    to: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
) -> None:
    """Ask any question in SQL. Read-only: a query can't write, read files or reach the network."""
    from complaints_platform.serving.query import FORMATS, Catalogue, render, run_query

    if output not in FORMATS:
        raise typer.BadParameter(f"{output!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    result = render(run_query(Catalogue.of(load_settings()), sql), output)
    if to is not None:
        to.write_bytes(result)
    else:
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    # A scan that LIMIT cut short leaves Arrow reading ahead in threads of its own, which abort the
    # interpreter when it takes itself apart. All output is written: leave without taking apart.
    sys.stderr.flush()
    os._exit(0)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say what arrived, what waits in the landing and what is stale."""
    from complaints_platform.serving.status import gather, render_text

    found = gather(load_settings())
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        render_text(found, out)


@app.command()
def demo(
    days: Annotated[int, typer.Option(min=8, help="How many days.")] = 30,
    per_day: Annotated[
        int, typer.Option(min=100, help="Complaints a day on average, before copies and corrections.")
    ] = 1000,
) -> None:
    """Generate a month of complaints, run everything through Dagster and show the answers."""
    from complaints_platform.demo import run_demo

    run_demo(load_settings(), days, per_day, out)


@classifier.command("evaluate")
def classifier_evaluate(
    train: Annotated[Path, typer.Option(help="CSV to train on.")],
    test: Annotated[Path, typer.Option(help="CSV to score on.")],
    text: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column of the label.")] = "label",
    as_json: AsJson = False,
) -> None:
    """Train on one labelled CSV, score on another."""
    from complaints_platform.classification.evaluation import evaluate_csv

    result = evaluate_csv(train, test, text, label)
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, value in result.items():
        if isinstance(value, int | float):
            out.print(
                f"{name:24} {value:,.4f}" if isinstance(value, float) else f"{name:24} {value:,}", highlight=False
            )


@labels.command("import")
def labels_import(
    file: Annotated[Path, typer.Argument(help="CSV with the columns text, category and, if known, subcategory.")],
) -> None:
    """Add labels to the lake; the next training uses them."""
    from complaints_platform.pipeline.labels import import_labels

    settings = load_settings()
    imported = import_labels(settings.lake, settings.taxonomy, file)
    typer.echo(f"{imported} labels imported; train with: complaints update")


def _numbers(done: Any) -> dict[str, Any]:
    if done.receipt is None:
        return {"error": done.error}
    receipt = done.receipt
    return {
        "sha256": receipt.sha256,
        "received": receipt.received,
        "filtered": receipt.filtered,
        "quarantined": receipt.quarantined,
        "days": receipt.days,
    }


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
