"""A first load of many days of history, through Dagster: ``python -m benchmarks.first_load_run DAYS A_DAY ONE_BY_ONE``.

One file holds the whole history. It is collected and everything is brought up to date as ``complaints update``
does, in runs of ``COMPLAINTS_DAYS_PER_RUN`` days. Then the last ONE_BY_ONE days are made again, each in a run of its
own: what the load would cost in a run a day. Settings come from the environment; the result is one line of JSON.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import orjson
import polars as pl

from benchmarks.meter import RESULT, Meter, Span
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.commands.running import Runner
from complaints_platform.instance.local import local_instance
from complaints_platform.instance.names import BY_DAY
from complaints_platform.lake import Lake, data_sets
from complaints_platform.platform import Platform
from complaints_platform.settings import Settings, load_settings

SOURCE = "calls"
"""The source of ``benchmarks/sources`` whose contract reads the file."""
REGIONS = ("Berlin", "Hamburg", "Bayern", "Hessen")


def history(days: Sequence[date], a_day: int) -> Iterator[str]:
    """Yield the lines of the file: the taxonomy's phrases with numbers of their own, so that no two are alike."""
    phrases = [phrase for phrase, _ in load_taxonomy().seed_phrases()]
    number = 0
    yield "call_id;agent;customer_no;opened_local;closed_local;region;transcript"
    for day in days:
        for hour in range(a_day):
            number += 1
            text = " ".join(phrases[(number * step + step) % len(phrases)] for step in (7, 11, 13))
            opened = f"{day:%d.%m.%Y} {hour % 24:02d}:{number % 60:02d}:00"
            yield f"{number};a{number % 40};K{number % 5000};{opened};;{REGIONS[number % 4]};{text} {number}"


@dataclass
class Events:
    """How many events Dagster was given to store, and the seconds until they were."""

    count: int = 0
    wall_s: float = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the events of all instances meanwhile."""
        handle = dg.DagsterInstance.handle_new_event

        def counting(instance: dg.DagsterInstance, event: dg.EventLogEntry, **more: Any) -> None:
            began = time.perf_counter()
            handle(instance, event, **more)
            self.wall_s += time.perf_counter() - began
            self.count += 1

        with mock.patch.object(dg.DagsterInstance, "handle_new_event", counting):
            yield


def load(settings: Settings, days: Sequence[date], a_day: int, one_by_one: int) -> dict[str, object]:
    """Load the history, make some of its days again one by one, and return what both took."""
    folder = Path(settings.landing) / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "history.csv"
    file.write_text("\n".join(history(days, a_day)) + "\n", encoding="latin-1")
    with local_instance() as instance, Meter() as meter:
        runner = Runner(Platform(settings), instance)
        started = time.time()
        runner.collect()
        collected = time.time()
        events = Events()
        with events.counted():
            runs = sum(1 for _ in runner.update())
        loaded = time.time()
        stale = sum(map(len, Platform(settings).stale().days.values()))
        single = sum(1 for day in days[-one_by_one:] for _ in runner.materialize(BY_DAY, [day]))
        ended = time.time()
    rows = data_sets.CLEANED.table(Lake(settings.lake)).scan().select(pl.len()).collect().item()
    return {
        "days": len(days),
        "rows": rows,
        "bytes": file.stat().st_size,
        "runs": runs,
        "stale": stale,
        "collect": meter.cost(Span(started, collected)),
        "update": meter.cost(Span(collected, loaded)),
        "events": asdict(events),
        "single_runs": single,
        "single": meter.cost(Span(loaded, ended)),
    }


def main() -> None:
    count, a_day, one_by_one = map(int, sys.argv[1:])
    settings = load_settings()
    days = [settings.first_day + timedelta(days=number) for number in range(count)]
    print(RESULT + orjson.dumps(load(settings, days, a_day, one_by_one)).decode())


if __name__ == "__main__":
    main()
