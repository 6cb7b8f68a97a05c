"""What a micro-batch costs at some hours of a large day: ``python -m benchmarks.intra_day_run DATA BATCHES LEAST TOGETHER HOUR...``.

The files of one day are cut into BATCHES micro-batches. Most of them are laid down in bulk, TOGETHER in a file; at each HOUR, LEAST
or more then come at the pace of that day and go through Dagster's jobs in this process, when the sensors would ask for
them: by the real look at what is stale and the real decision (``freshness.next_days``). Time is counted, not waited
for: a run counts as taking its CPU seconds, whatever else the machine does, and ``RUN_START_SECONDS`` to start.
Settings come from the environment; the result is one line of JSON.
"""  # noqa: E501  # a command

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import dagster as dg
import orjson

from benchmarks.errors import BenchmarkError
from benchmarks.meter import RESULT
from benchmarks.workload import days_of, folder_of
from complaints_platform.commands.running import QUIET
from complaints_platform.definitions import build_definitions
from complaints_platform.defs.automation import KINDS, update_request
from complaints_platform.freshness.next_days import ReconcilingState, Rules, RunOutcome, decide
from complaints_platform.freshness.staleness import StalenessWatch, rows_made
from complaints_platform.instance.local import local_instance
from complaints_platform.instance.names import COLLECT, TRAIN, UPDATE
from complaints_platform.intake.files import batched
from complaints_platform.lake.data_sets import CLEANED
from complaints_platform.lake.store import LocalStore
from complaints_platform.platform import Platform
from complaints_platform.settings import Settings, load_settings

DAY_SECONDS = 86_400
HOURS = 24
RUN_START_SECONDS = 5.0
"""From a sensor's request to the run's first step, in a process of its own on an idle machine."""

FEWEST_PASSES = 3


@dataclass(frozen=True)
class MicroBatch:
    """A file that a sender drops."""

    source: str
    name: str
    header: bytes
    lines: bytes
    records: int


@dataclass
class Spent:
    """What some runs cost, and of how many micro-batches they are."""

    runs: int = 0
    micro_batches: int = 0
    cpu_s: float = 0
    bytes: int = 0
    """Written to objects of the lake (its tables' logs apart)."""


@dataclass(frozen=True)
class HourCost:
    """What micro-batches cost at an hour of the day.

    Attributes:
        hour: of the day.
        rows: rows of ``cleaned/complaints`` of the day at the end.
        collect: runs that take files in.
        passes: runs that make the day's tables.
        look_cpu_s: CPU seconds of a sensor's look at what is stale, on average.
        waited_s: seconds from a file's arrival to the end of the run that makes its day, for each, in order.
    """

    hour: int
    rows: int
    collect: Spent
    passes: Spent
    look_cpu_s: float
    waited_s: list[float]


def cut(folder: Path, count: int) -> list[MicroBatch]:
    """Cut a day's files into about ``count`` micro-batches of the same size, in an order that mixes the senders."""
    lines = {file: file.read_bytes().splitlines(keepends=True) for file in sorted(folder.iterdir())}
    headers = {file: rows.pop(0) for file, rows in lines.items() if file.suffix == ".csv"}
    size = -(-sum(map(len, lines.values())) // count)
    placed: list[tuple[float, MicroBatch]] = []
    for file, rows in lines.items():
        parts = -(-len(rows) // size)
        for number in range(parts):
            part = rows[number * size : (number + 1) * size]
            name = f"{file.stem}-{number:05d}{file.suffix}"
            placed.append(
                (
                    (number + 0.5) / parts,
                    MicroBatch(file.stem, name, headers.get(file, b""), b"".join(part), len(part)),
                )
            )
    return [micro_batch for _, micro_batch in sorted(placed, key=lambda each: each[0])]


@contextmanager
def counted(spent: Spent) -> Iterator[None]:
    """Count the bytes that are written to local stores meanwhile."""
    put = LocalStore.put

    def passed(blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            spent.bytes += len(block)
            yield block

    def counting(store: LocalStore, key: str, blocks: bytes | Iterable[bytes]) -> None:
        put(store, key, passed([blocks] if isinstance(blocks, bytes) else blocks))

    with mock.patch.object(LocalStore, "put", counting):
        yield


class Day:
    """A lake in which one day grows, and a clock that counts as the sensors' would."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance, coming: Sequence[MicroBatch]) -> None:
        self._settings = settings
        self._platform = Platform(settings)
        self._lake = self._platform.lake
        self._instance = instance
        self._definitions = build_definitions(self._platform)
        self._coming = coming
        self._dropped = 0
        self._collected = 0
        self._watch = StalenessWatch()
        self._state = ReconcilingState()
        self._now = time.time()
        self._pass_ends = 0.0
        self._collect_ends = 0.0
        self._looks: list[float] = []
        self.run(TRAIN, Spent())

    def lay(self, hour: int, together: int) -> None:
        """Lay the day down up to an hour, ``together`` micro-batches in a file, and make it."""
        self._drop(len(self._coming) * hour // HOURS - self._dropped, together)
        self._collect(Spent())
        while self._platform.stale(self._watch).days:
            self._now += self._settings.tick_seconds
            self._pass(Spent())

    def live(self, hour: int, least: int) -> HourCost:
        """Let micro-batches come until at least so many of them, and ``FEWEST_PASSES`` runs, are through."""
        collect, passes, waited = Spent(), Spent(), list[float]()
        pace = DAY_SECONDS / len(self._coming)
        next_file, arrived, made = self._now, list[float](), 0
        self._looks = []
        while passes.runs < FEWEST_PASSES or passes.micro_batches < least:
            self._now += self._settings.tick_seconds
            while next_file <= self._now - self._settings.settle_seconds:
                self._drop(1)
                arrived.append(next_file)
                next_file += pace
            if self._pass(passes):
                passes.micro_batches, made = passes.micro_batches + collect.micro_batches - made, collect.micro_batches
                waited += [self._pass_ends - at for at in arrived[len(waited) : made]]
            if self._dropped > self._collected and self._now >= self._collect_ends:
                self._collect_ends = self._now + self._collect(collect)
        rows = sum(CLEANED.table(self._lake).row_counts().values())
        return HourCost(hour, rows, collect, passes, sum(self._looks) / len(self._looks), waited)

    def _drop(self, count: int, together: int = 1) -> None:
        """Drop the next ``count`` micro-batches, up to so many of a sender in one file."""
        by_source: dict[str, list[MicroBatch]] = {}
        for each in self._coming[self._dropped : self._dropped + count]:
            by_source.setdefault(each.source, []).append(each)
        for source, parts in by_source.items():
            folder = Path(self._settings.landing) / source
            folder.mkdir(parents=True, exist_ok=True)
            for file in batched(parts, together):
                (folder / file[0].name).write_bytes(file[0].header + b"".join(part.lines for part in file))
        self._dropped += count

    def _collect(self, spent: Spent) -> float:
        spent.micro_batches += self._dropped - self._collected
        self._collected = self._dropped
        return RUN_START_SECONDS + self.run(COLLECT, spent)

    def _pass(self, spent: Spent) -> bool:
        """Do what the sensor does at a tick; tell whether it asked for a run."""
        began = time.process_time()
        stale = self._platform.stale(self._watch)
        self._looks.append(time.process_time() - began)
        ended = self._now >= self._pass_ends
        decision = decide(
            self._state,
            stale.wanted,
            {f"{spec.schema}/{spec.name}": kind for spec, kind in KINDS.items()},
            RunOutcome.SUCCEEDED if ended else RunOutcome.RUNNING,
            self._now,
            Rules(
                self._settings.days_per_run,
                newest_first=True,
                release="",
                last=datetime.now(UTC).date(),
                rows=rows_made(self._lake, self._state.running) if self._state.running and ended else {},
            ),
        )
        self._state = decision.state
        if decision.batch is None:
            return False
        request = update_request(decision.batch)
        took = self.run(UPDATE, spent, request)
        self._pass_ends = self._now + RUN_START_SECONDS + took
        return True

    def run(self, job: str, spent: Spent, request: dg.RunRequest | None = None) -> float:
        """Run a job, add what it cost to ``spent``, and return its CPU seconds."""
        request = request or dg.RunRequest()
        began = time.process_time()
        with counted(spent):
            result = self._definitions.resolve_job_def(job).execute_in_process(
                instance=self._instance,
                tags=dict(request.tags),
                run_config={**request.run_config, **QUIET},
                asset_selection=request.asset_selection,
                raise_on_error=False,
            )
        if not result.success:
            raise BenchmarkError(f"run {result.run_id} of {job} failed")
        took = time.process_time() - began
        spent.runs += 1
        spent.cpu_s += took
        return took


def main() -> None:
    data, count, least, together, *hours = Path(sys.argv[1]), *map(int, sys.argv[2:])
    (day,) = days_of(data)
    coming = cut(folder_of(data, day), count)
    with local_instance() as instance:
        growing = Day(load_settings(), instance, coming)
        costs = []
        for hour in hours:
            growing.lay(hour, together)
            costs.append(growing.live(hour, least))
    result = {"micro_batches": len(coming), "together": together, "records": sum(each.records for each in coming)}
    print(RESULT + orjson.dumps({**result, "hours": [asdict(cost) for cost in costs]}).decode())


if __name__ == "__main__":
    main()
