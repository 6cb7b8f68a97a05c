"""The command line of the suite: ``python -m benchmarks --help``."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from benchmarks import classifier_report, cleaning_report, first_load_report, intra_day_report, serving, spikes
from benchmarks.cleaning import HISTORY_RECORDS_A_DAY, CleaningBench
from benchmarks.contenders import ALL, DIRECT, PLATFORM, Bench, Result
from benchmarks.correctness import check_agreement, check_platform, check_same
from benchmarks.errors import BenchmarkError, PeersAbsentError
from benchmarks.measured import CONTENDERS
from benchmarks.processes import run_module
from benchmarks.report import as_json, machine, markdown
from benchmarks.workload import DATA_VARIABLE, MONTH, PEERS_VARIABLE, find_data, find_peers, prepare

RESULTS = Path(__file__).parent / "results"
PATH_SIZES = (100_000, 1_000_000)
CLEANING_SIZE = 1_000_000
SCALE_DAYS = 10 * MONTH
HISTORY_DAYS = 1000
ROUNDS = 3


class Report:
    """What has been measured so far: a section of Markdown for people, and all numbers for machines."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._sections: list[str] = []
        self._numbers: dict[str, list[Any]] = {}

    def add(self, kind: str, section: str, numbers: object) -> None:
        """Add a section, and show it."""
        self._sections.append(section)
        self._numbers.setdefault(kind, []).append(numbers)
        print(f"\n{section}", flush=True)

    def write(self, name: str) -> None:
        """Write both files, named by time and ``name``; nothing if nothing was added."""
        if not self._sections:
            return
        facts: Mapping[str, Any] = {"date": self._started.isoformat(timespec="seconds"), **machine()}
        stem = f"{self._started:%Y%m%dT%H%M%SZ}-{name}"
        RESULTS.mkdir(exist_ok=True)
        numbers = orjson.dumps({"machine": facts, **self._numbers}, option=orjson.OPT_INDENT_2)
        (RESULTS / f"{stem}.json").write_bytes(numbers)
        header = "\n".join(f"- {key}: {value}" for key, value in facts.items())
        (RESULTS / f"{stem}.md").write_text(f"{header}\n\n" + "\n".join(self._sections), encoding="utf-8")
        print(f"written: {RESULTS / stem}.json and .md")


def main() -> int:
    options = _parser().parse_args()
    report = Report()
    measure: Callable[[argparse.Namespace, Path, Report], None] = options.measure
    with tempfile.TemporaryDirectory(prefix="complaints-bench-", dir=options.work) as work:
        try:
            measure(options, Path(work), report)
        except PeersAbsentError as error:
            print(f"skipped: {error}")
        except BenchmarkError as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
        finally:
            report.write(options.command)  # a section counts by itself, whatever became of a later one
    return 0


def _measure_serving(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure the query service; it needs no peers' scripts."""
    measured = serving.measure(options.complaints, options.days, options.keep or work, options.requests, _say)
    report.add("serving", serving.markdown(measured), serving.as_json(measured))


def _measure_path(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure the whole path, from files to marts."""
    peers = find_peers(options.peers)
    for records in options.records or PATH_SIZES:
        bench = Bench(prepare(records, peers, work), work)
        results = _run_path(bench, options.only or list(ALL), options.rounds)
        report.add("sizes", markdown(bench, results), as_json(bench, results))


def _run_path(bench: Bench, contenders: list[str], rounds: int) -> list[Result]:
    """Train, then let the contenders run in turn, several rounds; check every run."""
    _say(f"{bench.workload.records:,} records: training …")
    bench.train()
    results: list[Result] = []
    for number in range(1, rounds + 1):
        for contender in contenders:
            result = bench.run(contender)
            cost = result.total
            _say(
                f"  round {number}, {contender}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {cost.peak_mb:,.0f} MB "
                f"(load before: {result.load:.1f})"
            )
            if contender in {PLATFORM, DIRECT}:
                check_platform(result, bench.trained["platform"])
            results.append(result)
    ours = [result for result in results if result.contender in {PLATFORM, DIRECT}]
    theirs = [result for result in results if result.contender == "polars"]
    if ours:
        check_same(ours)
    if ours and theirs:
        check_agreement(ours[0], theirs[0], bench.trained)
    return results


def _measure_cleaning(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure from files to de-duplicated complaints, and how that grows."""
    bench = CleaningBench(options.records, find_peers(options.peers), work, _say)
    compared = bench.compare(options.only or CONTENDERS, options.rounds)
    report.add("comparison", cleaning_report.comparison(compared), [asdict(result) for result in compared])
    if options.scale:
        scaled = bench.scale(_decades(options.scale), options.rounds)
        report.add("scale", cleaning_report.scale(scaled), [asdict(result) for result in scaled])
    if options.history:
        lived = bench.history(_decades(options.history))
        section = cleaning_report.history(lived, HISTORY_RECORDS_A_DAY)
        report.add("history", section, [asdict(result) for result in lived])


def _measure_classifier(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure how fast the classifier is on one core, and scikit-learn's own pipeline."""
    measured = run_module(work, work / "lake", "classifier_run", find_data(options.data))
    report.add("classifier", classifier_report.markdown(measured), measured)


def _measure_spikes(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure which outages are found; needs no peers and no work folder."""
    del work
    tallies = spikes.measure(options.seeds, options.normal_seeds, _say)
    report.add("spikes", spikes.markdown(tallies, options.seeds, options.normal_seeds), spikes.as_json(tallies))


def _measure_first_load(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure a first load of years of history through Dagster."""
    first_day = (datetime.now(UTC) - timedelta(days=options.days)).date().isoformat()
    numbers = (options.days, options.a_day, options.one_by_one)
    measured = run_module(work, work / "lake", "first_load_run", *numbers, first_day=first_day)
    report.add("first load", first_load_report.markdown(measured), measured)


def _measure_intra_day(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Measure what a micro-batch costs early and late on a large day."""
    workload = prepare(options.records, find_peers(options.peers), work, days=1)
    numbers = (options.micro_batches, options.least, options.together, *options.hours)
    measured = run_module(work, work / "lake", "intra_day_run", workload.data, *numbers)
    report.add("intra-day", intra_day_report.markdown(measured), measured)


def _decades(largest: int) -> list[int]:
    """Return a hundredth, a tenth and the whole of ``largest``, as far as they are whole days."""
    return [size for size in (largest // 100, largest // 10, largest) if size]


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the platform against scripts that do the same work on the same files.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    path = commands.add_parser("path", help="the whole path from files to marts")
    path.add_argument("--records", type=int, action="append", help="complaints; may be repeated (100000 and 1000000)")
    path.add_argument("--only", choices=ALL, action="append", help="only this contender; may be repeated")
    path.set_defaults(measure=_measure_path)
    cleaning = commands.add_parser("cleaning", help="from files to de-duplicated complaints")
    cleaning.add_argument(
        "--records", type=int, default=CLEANING_SIZE, help=f"complaints of a month of {MONTH} days ({CLEANING_SIZE})"
    )
    cleaning.add_argument("--only", choices=CONTENDERS, action="append", help="only this contender; may be repeated")
    cleaning.add_argument(
        "--scale",
        type=int,
        nargs="?",
        const=SCALE_DAYS,
        metavar="DAYS",
        help=f"how cost grows with days as large as the month's: DAYS/100, DAYS/10 and DAYS ({SCALE_DAYS})",
    )
    cleaning.add_argument(
        "--history",
        type=int,
        nargs="?",
        const=HISTORY_DAYS,
        metavar="DAYS",
        help=f"what one more day costs in a lake of DAYS/100, DAYS/10 and DAYS days ({HISTORY_DAYS})",
    )
    cleaning.set_defaults(measure=_measure_cleaning)
    classifier = commands.add_parser("classifier", help="texts a second on one core, against plain scikit-learn")
    classifier.add_argument("--data", type=Path, help=f"folder of the public data sets (or {DATA_VARIABLE})")
    classifier.set_defaults(measure=_measure_classifier)
    watched = commands.add_parser("spikes", help="which outages of simulated years are found, and how soon")
    watched.add_argument(
        "--seeds", type=int, nargs="+", default=[*range(111, 117)], help="years with outages (111-116)"
    )
    watched.add_argument(
        "--normal-seeds", type=int, nargs="+", default=[*range(211, 217)], help="years without (211-216)"
    )
    watched.set_defaults(measure=_measure_spikes)
    served = commands.add_parser("serving", help="the query service over a year")
    served.add_argument("--complaints", type=int, default=10_000_000, help="complaints of the year (10000000)")
    served.add_argument("--days", type=int, default=365, help="days that they are of (365)")
    served.add_argument("--requests", type=int, default=100, help="requests of each kind (100)")
    served.add_argument("--keep", type=Path, help="folder that keeps lake and index; a lake of that size is used again")
    served.set_defaults(measure=_measure_serving)
    first = commands.add_parser("first-load", help="years of history in one file, through Dagster")
    first.add_argument("--days", type=int, default=5000, help="days of history (5000)")
    first.add_argument("--a-day", type=int, default=40, help="complaints a day (40)")
    first.add_argument("--one-by-one", type=int, default=10, help="days that are made again in a run each (10)")
    first.set_defaults(measure=_measure_first_load)
    within = commands.add_parser("intra-day", help="what a micro-batch costs early and late on a large day")
    within.add_argument("--records", type=int, default=1_000_000, help="records of the day (1000000)")
    within.add_argument("--micro-batches", type=int, default=8000, help="files that they come in (8000)")
    within.add_argument("--least", type=int, default=30, help="micro-batches measured at each hour, at least (30)")
    within.add_argument("--together", type=int, default=1, help="micro-batches a file, where the day is laid down (1)")
    within.add_argument("--hours", type=int, nargs="+", default=[1, 23], help="hours that are measured (1 23)")
    within.set_defaults(measure=_measure_intra_day)
    for command in (path, cleaning):
        command.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each contender runs ({ROUNDS})")
    for command in (path, cleaning, within):
        command.add_argument("--peers", type=Path, help=f"folder of the peers' scripts (or {PEERS_VARIABLE})")
    for command in (path, cleaning, classifier, watched, served, first, within):
        command.add_argument("--work", type=Path, help="where the work folder is made; it goes when all is done (/tmp)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
