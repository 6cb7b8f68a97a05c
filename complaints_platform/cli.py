"""The ``complaints`` command: parsing, printing and exit codes; the work is done elsewhere."""

import getpass
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from complaints_platform.commands import alerts, report
from complaints_platform.commands.doctor import doctor
from complaints_platform.commands.metrics import metrics
from complaints_platform.commands.regulator import regulator_pack
from complaints_platform.commands.serve import serve, tokens
from complaints_platform.errors import ComplaintsError
from complaints_platform.settings import load_settings

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(
    help="Customer complaints from files to answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
classifier = typer.Typer(help="Train, evaluate and look at the classifier.", no_args_is_help=True)
labels = typer.Typer(help="Labels that people gave.", no_args_is_help=True)
review = typer.Typer(help="Complaints that a person should look at.", no_args_is_help=True)
taxonomy = typer.Typer(help="The categories, and what changing them would do.", no_args_is_help=True)
app.add_typer(classifier, name="classifier")
app.add_typer(labels, name="labels")
quarantine = typer.Typer(
    help="What was set aside: look at it, fix the contract, read the files again.", no_args_is_help=True
)
app.add_typer(quarantine, name="quarantine")
app.add_typer(review, name="review")
app.add_typer(report.app, name="report")
app.add_typer(taxonomy, name="taxonomy")
app.add_typer(tokens, name="tokens")
app.command()(serve)
app.command("regulator-pack")(regulator_pack)
app.add_typer(alerts.app, name="alerts")
app.command()(doctor)
app.command()(metrics)

FILES_LISTED = 20
"""Collecting more files than this prints totals and failures only; --json always lists all."""

TERMS_LISTED = 15
"""Words of an explanation beyond these are summed up; --json lists all."""

MOVES_LISTED = 40
"""A changed taxonomy's moves beyond these are in --json."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Only set aside for this reason.")]
OfFile = Annotated[str | None, typer.Option("--file", help="Only of files whose name has this part, or by SHA-256.")]
Since = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only received on this day (UTC) or later.")
]
Author = Annotated[str | None, typer.Option(help="Who says so; by default the user of this machine.")]
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
    from complaints_platform.intake.by_hand import collect_jobs
    from complaints_platform.intake.files import Collected, Status, collect_all, summary

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
    from complaints_platform.commands.running import Runner, local_instance

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
def maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be done, object by object.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the lake small and fast, and Dagster's history short. Safe beside everything else, at any time.

    Packs small segments, merges the key index, writes checkpoints, and deletes what nobody can need any more.
    """
    from complaints_platform.commands.running import local_instance
    from complaints_platform.defs.maintenance import forget, old_runs, summed_up
    from complaints_platform.defs.maintenance import maintain as maintained

    settings = load_settings()
    steps = []
    with _progress() as progress:
        for step in progress.track(maintained(settings, dry_run=dry_run), description="maintaining"):
            steps.append(step)
            if dry_run and not as_json:
                typer.echo(f"{step.what}: {step.name}" + (f" ({step.objects})" if step.objects > 1 else ""))
    with local_instance() as instance:
        runs = list(old_runs(instance, datetime.now(UTC) - timedelta(days=settings.run_history_days)))
        for run_id in () if dry_run else runs:
            forget(instance, run_id)
    table = summed_up(steps)
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "lake": table.to_dicts(), "runs": len(runs)}))
        return
    if not table.is_empty():
        _print_table(table)
    would = "would be" if dry_run else "were"
    out.print(
        f"{_plural(int(table['objects'].sum()), 'object')}, {int(table['bytes'].sum()) / 1e6:,.1f} MB; "
        f"{_plural(len(runs), 'old run')} of Dagster {would} deleted",
        highlight=False,
    )


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (UTC).")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")],
    batch: Annotated[
        int | None, typer.Option(min=1, help="Days of one run at most; by default COMPLAINTS_DAYS_PER_RUN.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the tables of a range of days again, from cleaned to marts, stale or not. Files may keep coming."""
    from complaints_platform.commands.running import Runner, local_instance
    from complaints_platform.defs.jobs import BY_DAY

    settings = load_settings()
    today = datetime.now(UTC).date()
    if not settings.first_day <= first.date() <= last.date() <= today:
        raise typer.BadParameter(
            f"{first.date()} to {last.date()} is no range of days from {settings.first_day} to {today}",
            param_hint="--from",
        )
    days = [first.date() + timedelta(days=number) for number in range((last - first).days + 1)]
    runs = []
    with local_instance() as instance, _progress() as progress:
        task = progress.add_task("days", total=len(days))
        for run in Runner(settings, instance).materialize(BY_DAY, days, batch):
            progress.advance(task, len(run.days))
            runs.append(run.describe())
    if as_json:
        typer.echo(json.dumps({"days": len(days), "runs": runs}))
    else:
        for line in runs:
            out.print(f"done: {line}", highlight=False)


@app.command()
def rekey() -> None:
    """Replace the data key in everything, for the day it leaks; first set the new key and its version.

    COMPLAINTS_DATA_KEY is the new secret, COMPLAINTS_DATA_KEY_VERSION one more than before. Every hash of a
    customer, agent or thread is made anew from raw, corrections follow their complaints, and what holds old
    hashes is deleted. May be interrupted and repeated. Nothing else may run meanwhile.
    """
    from complaints_platform.commands.running import Runner, local_instance

    with local_instance() as instance:
        for step in Runner(load_settings(), instance).rekey():
            out.print(step, highlight=False)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(help='One SELECT over data sets, such as "SELECT * FROM mart.daily_complaints".')
    ],
    output: Annotated[str, typer.Option("--format", help="table, csv, json (one object a line) or parquet.")] = "table",
    to: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
) -> None:
    """Ask any question in SQL. Read-only: a query can't write, read files or reach the network."""
    from complaints_platform.serving.sql.query import FORMATS, Catalogue, render, run_query

    if output not in FORMATS:
        raise typer.BadParameter(f"{output!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    result = render(run_query(Catalogue.of(load_settings()), sql), output)
    if to is not None:
        to.write_bytes(result)
    else:
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()


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
    from complaints_platform.commands.demo import run_demo

    run_demo(load_settings(), days, per_day, out)


@quarantine.command("list")
def quarantine_list(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """Count what lies in quarantine now, by day received, source and reason."""
    from complaints_platform.intake.quarantine import count_quarantined

    counts = count_quarantined(_quarantined(source, reason, file, since))
    if as_json:
        typer.echo(counts.write_json())
    elif counts.is_empty():
        out.print("nothing lies in quarantine")
    else:
        _print_table(counts)
        out.print(
            f"{_plural(int(counts['records'].sum()), 'record')}. Look at them with: complaints quarantine show",
            highlight=False,
        )


@quarantine.command("show")
def quarantine_show(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    since: Since = None,
    original: Annotated[
        bool, typer.Option("--original", help="Also print the line as the sender wrote it: PERSONAL DATA.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Say of each quarantined record where it stands, why it was set aside and what to do."""
    from complaints_platform.intake.quarantine import original_line

    settings = load_settings()
    records = _quarantined(source, reason, file, since)
    shown = records.tail(limit).to_dicts()
    for record in shown:
        line = original_line(settings, record) if original else None
        if as_json:
            typer.echo(json.dumps({**record, **({"original": line} if original else {})}, default=str))
            continue
        place = f"record {record['record_number']}, line {record['line_number']}" if record["record_number"] else "file"
        typer.echo(f"{record['day']} {record['source']} {record['file_name']} ({record['raw_sha256'][:12]}) {place}")
        typer.echo(f"    {record['reason']}: {record['detail']}")
        if line is not None:
            typer.echo(f"    | {line}")
    if not as_json:
        typer.echo(f"{len(shown):,} of {records.height:,} records in quarantine, the newest last")


@quarantine.command("replay")
def quarantine_replay(
    source: OfSource = None,
    reason: OfReason = None,
    file: OfFile = None,
    every_file: Annotated[
        bool, typer.Option("--every-file", help="Also files of which nothing was quarantined.")
    ] = False,
    update_too: Annotated[
        bool, typer.Option("--update/--no-update", help="Materialise what became stale afterwards.")
    ] = True,
) -> None:
    """Read files again whose source contract was changed since, and bring everything behind them up to date."""
    from complaints_platform.commands.running import Runner, local_instance
    from complaints_platform.intake.quarantine import Selection, replayable

    settings = load_settings()
    selection = Selection(source, reason, file)
    files = replayable(settings, selection, every_file=every_file)
    if not files:
        out.print(
            "nothing to read again: of the chosen files every one was read by the present contract. "
            "Change the contract first (complaints quarantine show says what is wrong)",
            highlight=False,
        )
        return
    before = _quarantined(source, None, file, None).height
    with local_instance() as instance:
        runner = Runner(settings, instance)
        runner.replay(selection, every_file=every_file)
        after = _quarantined(source, None, file, None).height
        out.print(
            f"{_plural(len(files), 'file')} read again: {before:,} records in quarantine before, {after:,} now",
            highlight=False,
        )
        for run in runner.update() if update_too else ():
            out.print(f"done: {run.describe()}", highlight=False)


@classifier.command("evaluate")
def classifier_evaluate(
    *,
    train: Annotated[Path, typer.Option(help="CSV to train on.")],
    test: Annotated[Path | None, typer.Option(help="CSV to score on.")] = None,
    folds: Annotated[int | None, typer.Option(min=2, help="Cross-validate on --train in so many parts.")] = None,
    text: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column of the label.")] = "label",
    tier: Annotated[
        Literal["core", "full"] | None,
        typer.Option(help="Without or with the extra embeddings; by default with it where it is installed."),
    ] = None,
    out_of_scope: Annotated[
        str | None, typer.Option(help="Label of texts of no class; measures how well they are rejected.")
    ] = None,
    per_class: Annotated[
        int | None, typer.Option(min=1, help="Train on so many rows a class, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of that draw and of the folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train on one labelled CSV and score on another, or cross-validate on one."""
    from complaints_platform.classification.evaluation import Options, cross_validate_csv, evaluate_csv

    options = Options(text, label, tier, out_of_scope, per_class, seed)
    if test is not None and folds is None:
        result = evaluate_csv(train, test, options)
    elif folds is not None and test is None:
        result = cross_validate_csv(train, folds, options)
    else:
        raise typer.BadParameter("give one of --test and --folds", param_hint="--test")
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, value in result.items():
        if isinstance(value, int | float):
            out.print(
                f"{name:24} {value:,.4f}" if isinstance(value, float) else f"{name:24} {value:,}", highlight=False
            )


@classifier.command("versions")
def classifier_versions(as_json: AsJson = False) -> None:
    """List what became of each trained model, newest first; the first one that serves is the one in service."""
    from complaints_platform.lake import Lake

    models = Lake(load_settings().lake).models
    serving, history = models.serving(), models.history()
    if as_json:
        typer.echo(
            json.dumps({"serving": serving and asdict(serving), "history": [*map(asdict, history)]}, default=str)
        )
        return
    if serving is None:
        out.print("no model has been trained yet: complaints update does it")
        return
    out.print(f"{serving.version} serves\n", highlight=False)
    for entry in history:
        out.print(
            f"{entry.at:%Y-%m-%d %H:%M} {entry.action:8} {entry.model.version}  {_escape(entry.by)}", highlight=False
        )
        out.print(f"                 {_escape(entry.why)}", highlight=False)


@classifier.command("serve")
def classifier_serve(
    version: Annotated[str, typer.Argument(help="A version that `complaints classifier versions` lists.")],
    why: Annotated[str, typer.Option(help="The reason, for the history.")] = "chosen by hand",
    author: Author = None,
) -> None:
    """Let a model of before serve again, whatever was measured; history becomes stale and update renews it."""
    from complaints_platform.lake import Lake
    from complaints_platform.learning.model import serve_version

    chosen = serve_version(Lake(load_settings().lake), version, _author(author), why)
    typer.echo(f"{chosen.version} serves from now on; renew what it has not categorised with: complaints update")


@classifier.command("explain")
def classifier_explain(
    complaint_id: Annotated[str, typer.Argument(help="A complaint_id of categorized.complaints.")],
    as_json: AsJson = False,
) -> None:
    """Say which words of a complaint decided its category, and which spoke for the runner-up."""
    from complaints_platform.lake import Lake
    from complaints_platform.learning.review import explain_complaint

    complaint, why = explain_complaint(Lake(load_settings().lake), complaint_id)
    if as_json:
        terms = [term._asdict() for term in why.terms]
        typer.echo(json.dumps({**complaint, "explanation": {**asdict(why), "terms": terms}}, default=str))
        return
    out.print(_escape(str(complaint["text"])), highlight=False)
    out.print(
        f"\n{why.category}/{why.subcategory}, ahead of {why.runner_up}/{why.runner_up_subcategory}", highlight=False
    )
    if complaint["category"] != why.category:
        out.print(
            f"it stands in {complaint['category']}: a person, or the model of that time, said so", highlight=False
        )
    table = _numbers_table("word", "for the first", "for the second", "difference")
    table.add_row("(any text)", "", "", f"{why.base:+.3f}")
    shown, others = why.terms[:TERMS_LISTED], why.terms[TERMS_LISTED:]
    for term in shown:
        values = (term.for_winner, term.for_runner_up, term.contribution)
        table.add_row(_escape(term.term), *(f"{value:+.3f}" for value in values))
    if others:
        table.add_row(f"({len(others)} others)", "", "", f"{sum(term.contribution for term in others):+.3f}")
    table.add_row("sum", "", "", f"{why.score:+.3f}", style="bold")
    out.print(table)


@labels.command("import")
def labels_import(
    file: Annotated[Path, typer.Argument(help="CSV with the columns text, category and, if known, subcategory.")],
    author: Author = None,
) -> None:
    """Add labels to the lake; the next training uses them."""
    from complaints_platform.classification.taxonomy import load_taxonomy
    from complaints_platform.lake import Lake
    from complaints_platform.learning.labels import import_labels

    settings = load_settings()
    imported = import_labels(Lake(settings.lake), load_taxonomy(settings.taxonomy), file, _author(author))
    typer.echo(f"{imported} labels imported; train with: complaints update")


@review.command("export")
def review_export(
    to: Annotated[Path, typer.Option("--out", help="CSV to write; people fill in its last columns.")],
    limit: Annotated[int, typer.Option(min=1, help="How many complaints.")] = 50,
    days: Annotated[int, typer.Option(min=1, help="Choose from so many newest days.")] = 30,
) -> None:
    """Write the complaints from which the classifier would learn most: doubtful ones, unlike each other."""
    from complaints_platform.lake import Lake
    from complaints_platform.learning.review import export_queue, write_queue

    queue = export_queue(Lake(load_settings().lake), limit, days)
    write_queue(queue, to)
    typer.echo(
        f"{queue.height} complaints in {to}; fill in category (or is_complaint: no), then: complaints review import"
    )


@review.command("import")
def review_import(
    file: Annotated[Path, typer.Argument(help="CSV with complaint_id, category and, if known, subcategory.")],
    author: Annotated[str, typer.Option(help="Who decided.")],
) -> None:
    """Take in what people decided about complaints: it overrides the model, and trains the next one."""
    from complaints_platform.classification.taxonomy import load_taxonomy
    from complaints_platform.lake import Lake
    from complaints_platform.learning.corrections import import_corrections

    settings = load_settings()
    done = import_corrections(Lake(settings.lake), load_taxonomy(settings.taxonomy), file, author)
    typer.echo(
        f"{done.new} decisions imported for {len(done.days)} days, {done.repeated} were known already, "
        f"{done.undecided} rows are undecided; bring them to the tables with: complaints update"
    )


def _quarantined(source: str | None, reason: str | None, file: str | None, since: datetime | None) -> "pl.DataFrame":
    from complaints_platform.intake.collectors import collectors
    from complaints_platform.intake.quarantine import Selection, quarantined
    from complaints_platform.lake import Lake

    settings = load_settings()
    selection = Selection(source, reason, file, since.date() if since else None)
    selection.check(sorted(collectors(settings)))
    return quarantined(Lake(settings.lake), selection)


def _print_table(frame: "pl.DataFrame") -> None:
    from rich.table import Table

    table = Table(*frame.columns)
    for row in frame.iter_rows():
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    out.print(table)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@taxonomy.command("show")
def taxonomy_show(as_json: AsJson = False) -> None:
    """Show the categories, what they mean, and who approved this version."""
    from complaints_platform.classification.taxonomy import load_taxonomy

    settings = load_settings()
    shown = load_taxonomy(settings.taxonomy)
    if as_json:
        typer.echo(shown.model_dump_json(indent=2))
        return
    out.print(f"version {shown.version}, {_escape(shown.approval)}\n", highlight=False)
    for category in shown.categories:
        out.print(f"[bold]{category.name}[/]  {_escape(category.definition)}", highlight=False)
        for subcategory in category.subcategories:
            out.print(f"  {subcategory.name:24} {_escape(subcategory.definition)}", highlight=False)


@taxonomy.command("diff")
def taxonomy_diff(
    new: Annotated[Path, typer.Argument(help="The taxonomy to try.")],
    days: Annotated[int, typer.Option(min=1, help="Look at so many newest days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Show what a changed taxonomy would do: names that come and go, and which complaints would move where."""
    from complaints_platform.classification.taxonomy import load_taxonomy
    from complaints_platform.lake import Lake
    from complaints_platform.learning.taxonomy_preview import preview_change

    taxonomy_tried = load_taxonomy(new)
    settings = load_settings()
    change = preview_change(Lake(settings.lake), taxonomy_tried, days, settings.classifier_tier)
    total, moved = int(change.moves["complaints"].sum()), int(change.moved["complaints"].sum())
    if as_json:
        document = {
            "version": taxonomy_tried.version,
            "approval": taxonomy_tried.approval,
            "days": [str(day) for day in change.days],
            "complaints": total,
            "moved": moved,
            "needs_review_before": change.review_before,
            "needs_review_after": change.review_after,
            "labels_left_out": change.labels_left_out,
            "names": change.names._asdict(),
            "moves": change.moved.to_dicts(),
        }
        typer.echo(json.dumps(document))
        return
    out.print(f"version {taxonomy_tried.version}, {_escape(taxonomy_tried.approval)}", highlight=False)
    for what, names in change.names._asdict().items():
        if names:
            out.print(f"{what}: {', '.join(names)}", highlight=False)
    out.print(
        f"{moved:,} of {total:,} complaints of {len(change.days)} days would move; {change.review_after:,} would need "
        f"review, {change.review_before:,} do now; {change.labels_left_out:,} labels have no place any more",
        highlight=False,
    )
    table = _numbers_table("from", "to", "complaints", text_columns=2)
    for old, old_sub, target, target_sub, count in change.moved.head(MOVES_LISTED).iter_rows():
        table.add_row(f"{old}/{old_sub or '-'}", f"{target}/{target_sub or '-'}", f"{count:,}")
    if moved:
        out.print(table)


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


def _numbers_table(*columns: str, text_columns: int = 1) -> Table:
    from rich.box import SIMPLE_HEAD

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[text_columns:]:
        column.justify = "right"
    return table


def _author(name: str | None) -> str:
    return name or getpass.getuser()


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
