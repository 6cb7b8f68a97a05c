"""What one more day costs in a lake that holds many: ``python -m benchmarks.history_run DATA EACH SIZE...``.

A lake is lived day by day, without Dagster: the day's files are collected, the day is cleaned and committed.
When the lake holds SIZE days, the next EACH days are measured, and after each of them a look at the state of
all days (``Platform.stale``). The result is one line of JSON.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import orjson

from benchmarks.cleaning_run import after
from benchmarks.measured import DayCost, Spent
from benchmarks.meter import RESULT
from benchmarks.workload import days_of, folder_of
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import files_at
from complaints_platform.lake import Lake, data_sets
from complaints_platform.platform import Platform
from complaints_platform.settings import Settings, load_settings
from complaints_platform.sources.contract import load_contracts


class LivedLake:
    """A lake to which days are added one at a time."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self._settings = settings
        self._data = data
        received_at = after(data)

        def clock() -> datetime:
            return received_at

        self._lake = Lake(settings.lake)
        self._recipe = Platform(settings).cleaned_recipe()
        self._collectors = {
            name: Collector(self._lake, name, contract, settings.first_day, clock)
            for name, contract in load_contracts(settings.sources).items()
        }

    def collect(self, day: date) -> None:
        """Collect the files of a day."""
        for file in sorted(folder_of(self._data, day).iterdir()):
            self._collectors[file.stem].collect(list(files_at([file])), self._settings.workers)

    def clean(self, day: date) -> None:
        """Clean the day and commit it."""
        data_sets.CLEANED.table(self._lake).replace_days([day], self._recipe.frames([day]))

    def look(self) -> None:
        """Compare the state of all days with what it would be if made now."""
        Platform(self._settings).stale()


def live(lake: LivedLake, days: Sequence[date], each: int, sizes: Sequence[int]) -> list[DayCost]:
    """Add ``days`` to an empty lake; return what the ``each`` days cost that follow when it holds one of ``sizes``."""
    costs = []
    for number, day in enumerate(days):
        size = max((size for size in sizes if size <= number), default=0)
        if size and number < size + each:
            collect, clean = _spent(lambda: lake.collect(day)), _spent(lambda: lake.clean(day))  # noqa: B023 - at once
            costs.append(DayCost(size, collect, clean, _spent(lake.look)))
        else:
            lake.collect(day)
            lake.clean(day)
    return costs


def _spent(step: Callable[[], None]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    data, each, *sizes = Path(sys.argv[1]), *map(int, sys.argv[2:])
    costs = live(LivedLake(load_settings(), data), days_of(data), each, sizes)
    sys.stdout.write(RESULT + orjson.dumps({"days": [asdict(cost) for cost in costs]}).decode() + "\n")


if __name__ == "__main__":
    main()
