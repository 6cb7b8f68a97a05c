"""The demo: a month of generated complaints, through Dagster, to answers on one screen."""

import hashlib
import json
import time
from typing import Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.table import Table

from complaints_platform.commands.printing import out, say
from complaints_platform.commands.running import Runner
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import SUMMARY, write_files
from complaints_platform.instance.local import local_instance
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.lake.store import open_store
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

TOP_CATEGORIES = """
SELECT category, sum(complaints)::BIGINT AS complaints, sum(needs_review)::BIGINT AS "need review"
FROM mart.daily_complaints GROUP BY category ORDER BY complaints DESC LIMIT 6
"""

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
    summary = _generate(platform, options)
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
    _show(Catalogue.of(platform), summary)
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


def _generate(platform: Platform, options: GeneratorOptions) -> dict[str, Any]:
    # Each landing has its own record of what was generated: another landing is empty.
    landing = hashlib.sha256(platform.settings.landing.encode()).hexdigest()[:8]
    truth = open_store(str(HOME / f"demo-{options.days}-{options.per_day}-{landing}"))
    stored = truth.get(SUMMARY)
    if stored is None:
        out.print(f"generating {options.days} days of complaints in four channels …")
        write_files(options, open_store(platform.settings.landing), truth)
        stored = truth.get(SUMMARY) or b"{}"
    summary: dict[str, Any] = json.loads(stored)
    return summary


def _show(catalogue: Catalogue, summary: dict[str, Any]) -> None:
    def ask(sql: str) -> pl.DataFrame:
        return pl.DataFrame(run_query(catalogue, sql))

    out.print(_table("What arrived, by channel", ask(BY_CHANNEL)))
    out.print(_table("What became of every record, by source (received = the sum of the rest)", ask(FILES)))
    out.print(_table("Quarantined, by reason", ask(QUARANTINE)))
    out.print(_table("Top categories", ask(TOP_CATEGORIES)))
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
