"""``complaints generate``, ``collect``, ``update``, ``backfill``, ``maintain`` and ``demo``: from files to tables."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, plural, print_json, print_runs, print_table, progress_bar, say

if TYPE_CHECKING:
    from complaints_platform.intake.files import Collected

FILES_LISTED = 20
"""Collecting more files than this prints totals and failures only; --json always lists all."""


def generate(
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write to; created if it does not exist.")],
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 30,
    per_day: Annotated[
        int, typer.Option(min=1, help="Complaints per day on average, before copies and corrections.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    first_day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")] = datetime(2026, 3, 10),  # noqa: DTZ001  # a calendar day
) -> None:
    """Write the files of four senders, with their formats and typical faults, and the truth behind them."""
    from complaints_platform.generator.options import GeneratorOptions
    from complaints_platform.generator.output import write_files
    from complaints_platform.lake.store import open_store

    options = GeneratorOptions(days=days, per_day=per_day, seed=seed, first_day=first_day.date())
    store = open_store(str(out_folder))
    with progress_bar() as progress:
        task = progress.add_task("files", total=None)
        files, size = write_files(options, store, store, lambda: progress.advance(task))
    say(f"{files} files, {size / 1e6:.1f} MB below {out_folder}; the truth is in {out_folder / 'truth'}")


def collect(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; by default everything waiting in the landing.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="The source whose contract describes them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Collect files into the lake: originals, raw records by day, quarantine, receipts. Repeats change nothing."""
    from complaints_platform.intake.collectors import collect_jobs
    from complaints_platform.intake.files import Status, collect_all, summary

    platform = open_platform()
    jobs = collect_jobs(platform.collectors(), platform.landing, paths or [], source)
    results: list[Collected] = []
    with progress_bar() as progress:
        collecting = collect_all(jobs, platform.settings.workers)
        for collector, done in progress.track(collecting, total=len(jobs), description="collecting"):
            results.append(done)
            if as_json:
                about = {"source": collector.source, "file": done.file_name, "status": done.status}
                print_json({**about, **_numbers(done)})
            elif len(jobs) <= FILES_LISTED or done.status is Status.FAILED:
                typer.echo(f"{collector.source}: {done.describe()}")
    if not as_json:
        typer.echo(summary(results))
    if any(done.status is Status.FAILED for done in results):
        raise typer.Exit(1)


def _numbers(done: "Collected") -> dict[str, Any]:
    receipt = done.receipt
    if receipt is None:
        return {"error": done.error}
    return {name: getattr(receipt, name) for name in ("sha256", "received", "filtered", "quarantined", "days")}


def update(as_json: AsJson = False) -> None:
    """Bring whatever is stale up to date, through Dagster, in as few runs as possible."""
    from complaints_platform.commands.running import Runner
    from complaints_platform.instance.local import local_instance

    with local_instance() as instance:
        runs = print_runs(Runner(open_platform(), instance).update(), as_json=as_json)
    if not runs and not as_json:
        say("everything is up to date")


def maintain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be done, object by object.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the lake small and fast, and Dagster's history short. Safe at any time, beside everything else.

    Packs small segments, merges the key index, writes checkpoints, and deletes what nothing needs any more.
    """
    from complaints_platform.instance.local import local_instance
    from complaints_platform.instance.retention import forget, old_runs
    from complaints_platform.operations.maintenance import maintain as maintained
    from complaints_platform.operations.maintenance import summed_up

    platform = open_platform()
    steps = []
    with progress_bar() as progress:
        for step in progress.track(maintained(platform, dry_run=dry_run), description="maintaining"):
            steps.append(step)
            if dry_run and not as_json:
                typer.echo(f"{step.what}: {step.name}" + (f" ({step.objects})" if step.objects > 1 else ""))
    with local_instance() as instance:
        runs = list(old_runs(instance, datetime.now(UTC) - timedelta(days=platform.settings.run_history_days)))
        for run_id in () if dry_run else runs:
            forget(instance, run_id)
    table = summed_up(steps)
    if as_json:
        print_json({"dry_run": dry_run, "lake": table.to_dicts(), "runs": len(runs)})
        return
    if not table.is_empty():
        print_table(table)
    say(
        f"{plural(int(table['objects'].sum()), 'object')}, {int(table['bytes'].sum()) / 1e6:,.1f} MB; "
        f"{plural(len(runs), 'old run')} of Dagster {'would be' if dry_run else 'were'} deleted"
    )


def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (UTC).")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")],
    batch: Annotated[
        int | None, typer.Option(min=1, help="Most days in one run; by default COMPLAINTS_DAYS_PER_RUN.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the tables of a range of days, from cleaned to marts, stale or not. Files may keep coming."""
    from complaints_platform.commands.running import Runner
    from complaints_platform.instance.local import local_instance
    from complaints_platform.instance.names import BY_DAY

    platform = open_platform()
    today = datetime.now(UTC).date()
    if not platform.settings.first_day <= first.date() <= last.date() <= today:
        raise typer.BadParameter(
            f"{first.date()} to {last.date()} is not a range of days between {platform.settings.first_day} and {today}",
            param_hint="--from",
        )
    days = [first.date() + timedelta(days=number) for number in range((last - first).days + 1)]
    runs = []
    with local_instance() as instance, progress_bar() as progress:
        task = progress.add_task("days", total=len(days))
        for run in Runner(platform, instance).materialize(BY_DAY, days, batch):
            progress.advance(task, len(run.days))
            runs.append(run)
    print_runs(runs, as_json=as_json, days=len(days))


def demo(
    days: Annotated[int, typer.Option(min=8, help="How many days.")] = 30,
    per_day: Annotated[
        int, typer.Option(min=100, help="Complaints per day on average, before copies and corrections.")
    ] = 1000,
) -> None:
    """Generate a month of complaints, run everything through Dagster and show the answers."""
    from complaints_platform.commands.demo import run_demo

    run_demo(open_platform(), days, per_day)
