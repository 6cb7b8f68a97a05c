"""The command line of the suite: ``python -m benchmarks --help``."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import orjson

from benchmarks.contenders import ALL, DIRECT, PLATFORM, Bench, Result
from benchmarks.correctness import check_agreement, check_platform, check_same
from benchmarks.errors import BenchmarkError, PeersAbsentError
from benchmarks.report import as_json, machine, markdown
from benchmarks.workload import PEERS_VARIABLE, find_peers, prepare

RESULTS = Path(__file__).parent / "results"
SIZES = (100_000, 1_000_000)
ROUNDS = 3


def main() -> int:
    options = _parser().parse_args()
    try:
        peers = find_peers(options.peers)
    except PeersAbsentError as error:
        print(f"skipped: {error}")
        return 0
    started = datetime.now(UTC)
    sections, measured = [], []
    with tempfile.TemporaryDirectory(prefix="complaints-bench-", dir=options.work) as work:
        try:
            for records in options.records or SIZES:
                bench = Bench(prepare(records, peers, Path(work)), Path(work))
                results = _measure(bench, options.only or list(ALL), options.rounds)
                sections.append(markdown(bench, results))
                measured.append(as_json(bench, results))
                print(f"\n{sections[-1]}", flush=True)
        except BenchmarkError as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
    name = f"{started:%Y%m%dT%H%M%SZ}"
    RESULTS.mkdir(exist_ok=True)
    described = {"date": started.isoformat(timespec="seconds"), "machine": machine(), "sizes": measured}
    (RESULTS / f"{name}.json").write_bytes(orjson.dumps(described, option=orjson.OPT_INDENT_2))
    header = "\n".join(f"- {key}: {value}" for key, value in {"date": described["date"], **machine()}.items())
    (RESULTS / f"{name}.md").write_text(f"{header}\n\n" + "\n".join(sections), encoding="utf-8")
    print(f"written: {RESULTS / name}.json and .md")
    return 0


def _measure(bench: Bench, contenders: list[str], rounds: int) -> list[Result]:
    """Train, then let the contenders run in turn, several rounds; check every run."""
    print(f"{bench.workload.records:,} records: training …", flush=True)
    bench.train()
    results: list[Result] = []
    for number in range(1, rounds + 1):
        for contender in contenders:
            result = bench.run(contender)
            cost = result.total
            print(
                f"  round {number}, {contender}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {cost.peak_mb:,.0f} MB "
                f"(load before: {result.load:.1f})",
                flush=True,
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the whole path from files to marts, against the peers' scripts on the same files.",
    )
    parser.add_argument("--records", type=int, action="append", help="complaints; may be repeated (100000 and 1000000)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each contender runs ({ROUNDS})")
    parser.add_argument("--only", choices=ALL, action="append", help="only this contender; may be repeated")
    parser.add_argument("--peers", type=Path, help=f"folder of the peers' scripts (or {PEERS_VARIABLE})")
    parser.add_argument("--work", type=Path, help="where the work folder is made; it goes when all is done (/tmp)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
