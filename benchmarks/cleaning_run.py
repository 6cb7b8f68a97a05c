"""From files to de-duplicated complaints, in a process of its own: ``python -m benchmarks.cleaning_run DATA``.

It takes the way of a backfill, without Dagster: every file of the landing is collected (stored, read by its
contract, split into segments by day), then all days are cleaned and written as one commit. Settings come
from the environment, as everywhere. The result is one line of JSON.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import orjson
import polars as pl

from benchmarks.meter import RESULT, Meter, Span
from benchmarks.workload import days_of
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.intake.files import collect_all
from complaints_platform.lake import Lake, data_sets
from complaints_platform.platform import Platform
from complaints_platform.schemas import Outcome
from complaints_platform.settings import Settings, load_settings


def collect_and_clean(settings: Settings, received_at: datetime) -> dict[str, Span]:
    """Take all that waits in the landing to ``cleaned/complaints``; return when each of the two steps ran.

    Args:
        settings: where landing and lake are.
        received_at: when the files count as received: a workload of many days reaches into the future.
    """
    spans: dict[str, Span] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        started = time.time()
        yield
        spans[name] = Span(started, time.time())

    def clock() -> datetime:
        return received_at

    with step("collect"):
        jobs = [
            (replace(collector, clock=clock), file)
            for collector, file in collect_jobs(Platform(settings).collectors(), Platform(settings).landing, [], None)
        ]
        days = {day for _, done in collect_all(jobs, settings.workers) for day in done.days}
    with step("clean"):
        recipe = Platform(settings).cleaned_recipe()
        data_sets.CLEANED.table(Lake(settings.lake)).replace_days(sorted(days), recipe.frames(sorted(days)))
    return spans


def found(settings: Settings) -> dict[str, int]:
    """Return how many records the lake holds, and how many of them are unreadable or repeat others."""
    lake = Lake(settings.lake)
    unreadable = sum(receipt.quarantined for receipt in lake.receipts.all())
    cleaned = data_sets.CLEANED.table(lake).scan(columns=["outcome", "near_duplicate_of"])
    counts = cleaned.select(
        rows=pl.len(), exact=(pl.col("outcome") == Outcome.DUPLICATE).sum(), near=pl.col("near_duplicate_of").count()
    ).collect()
    rows, exact, near = counts.row(0)
    return {"records": rows + unreadable, "unreadable": unreadable, "exact": exact, "near": near}


def after(data: Path) -> datetime:
    """Return the midnight (UTC) that ends the day after the last one of a workload."""
    return datetime.combine(days_of(data)[-1] + timedelta(days=2), time_of_day(), UTC)


def main() -> None:
    settings = load_settings()
    received_at = after(Path(sys.argv[1]))
    with Meter() as meter:
        spans = collect_and_clean(settings, received_at)
    result = {
        "total": asdict(meter.total()),
        "stages": {name: asdict(meter.cost(span)) for name, span in spans.items()},
        "found": found(settings),
    }
    sys.stdout.write(RESULT + orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
