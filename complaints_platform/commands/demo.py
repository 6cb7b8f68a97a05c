"""The demo: a month of generated complaints, through Dagster, to answers on one screen."""

import hashlib
import io
import json
import time
from typing import Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.table import Table

from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.commands.printing import out, say
from complaints_platform.commands.running import Runner
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import SUMMARY, TRUTH, write_files
from complaints_platform.instance.local import local_instance
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.lake.store import Store, open_store
from complaints_platform.platform import Platform
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import HOME

BY_CHANNEL = """
SELECT channel, count(*) AS records, count(*) FILTER (outcome = 'complaint') AS complaints,
       count(near_duplicate_of) AS "near dupl", min(day) AS "from", max(day) AS "to"
FROM cleaned.complaints GROUP BY channel ORDER BY channel
"""

FILES = """
SELECT source, sum(received)::BIGINT AS received, sum(complaints)::BIGINT AS complaints,
       sum(duplicates)::BIGINT AS dupl, sum(superseded)::BIGINT AS supers, sum(retracted)::BIGINT AS retr,
       sum(filtered)::BIGINT AS filt, sum(quarantined)::BIGINT AS quarant, bool_and(reconciles) AS "ok?"
FROM mart.reconciliation GROUP BY source ORDER BY source
"""

CATEGORIES = """
SELECT source || '/' || receipt.file_name AS file, record_number, category AS given, needs_review
FROM categorized.complaints JOIN lake.receipts AS receipt USING (source, raw_sha256)
WHERE outcome = 'complaint'
"""
LISTED_CATEGORIES = 6

LARGEST_RISE = """
SELECT day, region, category, complaints, previous, change
FROM mart.complaint_trends
WHERE period = 'day' AND day > (SELECT min(day) FROM mart.complaint_trends)
ORDER BY change DESC, day LIMIT 3
"""

QUARANTINE = """
SELECT reason, count(*) AS records FROM cleaned.quarantine GROUP BY reason ORDER BY records DESC, reason
"""


def run_demo(platform: Platform, days: int, per_day: int) -> None:
    """Generate, collect, materialise and show. Repeating it changes nothing.

    Raises:
        RunFailed: a Dagster run failed.
    """
    options = GeneratorOptions(days=days, per_day=per_day)
    truth = _generate(platform, options)
    summary: dict[str, Any] = json.loads(truth.get(SUMMARY) or b"{}")
    started = time.perf_counter()
    with local_instance() as instance:
        runner = Runner(platform, instance)
        waiting = collect_jobs(platform.collectors(), platform.landing, [], None)
        say(f"collecting {len(waiting)} files from {platform.settings.landing} …")
        runner.collect()
        runs = []
        for run in runner.update():
            runs.append(run)
            out.print(f"  run: {run.describe()}")
    seconds = time.perf_counter() - started
    _show(Catalogue.of(platform), summary, truth, platform.taxonomy)
    received = summary["records"]
    if runs:
        out.print(
            f"\n{received:,} records in {seconds:.1f} s: {received / seconds:,.0f} rows/s, Dagster's own work included."
        )
    else:
        out.print(f"\nNothing new: everything is up to date ({seconds:.1f} s).")
    out.print(
        "Try next:  [bold]make start[/] (the asset graph in the browser)   [bold]complaints status[/]   "
        '[bold]complaints query "SELECT * FROM mart.daily_complaints"[/]'
    )


def _generate(platform: Platform, options: GeneratorOptions) -> Store:
    """Generate files that are not there yet; return the store of the truth about them."""
    # Each landing has its own record of what was generated: another landing is empty.
    landing = hashlib.sha256(platform.settings.landing.encode()).hexdigest()[:8]
    truth = open_store(str(HOME / f"demo-{options.days}-{options.per_day}-{landing}"))
    if truth.get(SUMMARY) is None:
        out.print(f"generating {options.days} days of complaints in four channels …")
        write_files(options, open_store(platform.settings.landing), truth)
    return truth


def _show(catalogue: Catalogue, summary: dict[str, Any], truth: Store, taxonomy: Taxonomy) -> None:
    def ask(sql: str) -> pl.DataFrame:
        return pl.DataFrame(run_query(catalogue, sql))

    out.print(_table("What arrived, by channel", ask(BY_CHANNEL)))
    out.print(_table("What became of every record, by source (received = the sum of the rest)", ask(FILES)))
    out.print(_table("Quarantined, by reason", ask(QUARANTINE)))
    _show_categories(ask(CATEGORIES), truth, taxonomy)
    rises = ask(LARGEST_RISE)
    out.print(_table("Largest rises from one day to the next (mart.complaint_trends)", rises))
    outage = summary["outage"]
    if outage is None:  # fewer than ten days have none
        return
    found = rises.head(1).to_dicts()[0] if rises.height else {}
    injected = (outage["day"], outage["region"], outage["category"])
    same = (str(found.get("day")), found.get("region"), found.get("category")) == injected
    out.print(
        f"Injected outage: {outage['day']}, {outage['region']}, {outage['category']} → "
        + ("[bold green]found: it is the largest rise.[/]" if same else "[bold red]not the largest rise.[/]")
    )


def _show_categories(complaints: pl.DataFrame, truth: Store, taxonomy: Taxonomy) -> None:
    """Show the largest categories beside what the generator knows of each complaint."""
    days = [truth.get(f"{TRUTH}/{name}") or b"" for name in truth.names(TRUTH) if name.endswith(".ndjson")]
    columns = {"file": pl.String, "record_number": pl.Int64, "category": pl.String}
    known = pl.concat(pl.read_ndjson(io.BytesIO(day), schema=columns) for day in days)
    both = complaints.join(known, on=["file", "record_number"]).drop_nulls("category")
    counted = (
        both.group_by(category="given")
        .agg(complaints=pl.len(), needs_review=pl.col("needs_review").sum())
        .join(both.group_by("category").agg(in_truth=pl.len()), on="category", how="full", coalesce=True)
        .fill_null(0)
        .sort("complaints", "category", descending=[True, False])
    )
    titles = {category.name: category.title for category in taxonomy.categories}
    listed = counted.head(LISTED_CATEGORIES).select(
        pl.col("category").replace(titles),
        "complaints",
        pl.col("needs_review").alias("need review"),
        pl.col("in_truth").alias("in truth"),
    )
    out.print(_table("Largest categories, by the classifier without a single label", listed))
    right, sure = pl.col("given") == pl.col("category"), ~pl.col("needs_review")
    all_right, reviewed, rest_right = both.select(
        right.mean(), reviewed=1 - sure.mean(), rest=right.filter(sure).mean().fill_null(0.0)
    ).row(0)
    out.print(
        f"Of {both.height:,} categories {all_right:.0%} are right by the truth, which only the generator knows. "
        f"{reviewed:.0%} of the complaints wait for review; of the others {rest_right:.0%} are right. "
        "Labels bring more: [bold]complaints review export[/]."
    )


def _table(title: str, frame: pl.DataFrame) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*map(_text, row))
    return table


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)
