"""Checks that a run did the work it was measured for."""

from collections.abc import Iterable, Sequence

from benchmarks.contenders import Result, Training
from benchmarks.errors import BenchmarkError
from benchmarks.measured import ONE_LANGUAGE, PLATFORM, CleaningResult
from benchmarks.workload import Workload

DUPLICATES_TOLERANCE = 0.01
"""Both sides redact a little differently, so a few texts are equal for one and not for the other."""

NEAR_DUPLICATES_TOLERANCE = 0.1
"""What resembles what is a matter of definition: words, threshold, estimate or exact comparison."""

ACCURACY_TOLERANCE = 0.02


def check_platform(result: Result, trained: Training) -> None:
    """Check that the platform's run accounts for every record and knows its categories.

    Raises:
        BenchmarkError: it does not; the message says what is wrong.
    """
    counts = result.counts
    fates = sum(counts[name] for name in ("complaints", "duplicates", "quarantined", "filtered"))
    _require(counts["all_files_reconcile"], result, "not every file reconciles")
    _require(counts["received"] == fates, result, f"{counts['received']} received, {fates} accounted for")
    _require(counts["in_daily_mart"] == counts["complaints"], result, "the daily mart and the detail differ")
    _require(counts["scored"] > 0, result, "no complaint has a held-out label")
    _require(
        counts["accuracy"] > trained.accuracy - ACCURACY_TOLERANCE,
        result,
        f"accuracy {counts['accuracy']:.3f} at the end of the path, {trained.accuracy:.3f} of the model alone",
    )


def check_agreement(platform: Result, peer: Result, trained: dict[str, Training]) -> None:
    """Check that the platform found what the tuned Polars script found in the same files.

    Raises:
        BenchmarkError: counts differ by more than the two sides' rules explain.
    """
    ours, theirs = platform.counts, peer.counts
    _require(ours["received"] == theirs["n"] + theirs["bad"], platform, "another number of records than the peer")
    _require(ours["quarantined"] == theirs["bad"], platform, f"{ours['quarantined']} unreadable, peer {theirs['bad']}")
    duplicates = theirs["n"] - theirs["exact"]
    apart = abs(ours["duplicates"] - duplicates)
    _require(
        apart <= DUPLICATES_TOLERANCE * duplicates, platform, f"{ours['duplicates']} duplicates, peer {duplicates}"
    )
    _require(
        ours["near_duplicates"] >= theirs["near"] * (1 - NEAR_DUPLICATES_TOLERANCE),
        platform,
        f"{ours['near_duplicates']} near duplicates, peer {theirs['near']}",
    )
    _require(
        trained["platform"].accuracy > trained["peers"].accuracy - ACCURACY_TOLERANCE,
        platform,
        f"accuracy {trained['platform'].accuracy:.3f}, peers' {trained['peers'].accuracy:.3f}",
    )


def check_same(results: Iterable[Result]) -> None:
    """Check that all runs of the platform, with Dagster and without, gave the same.

    Raises:
        BenchmarkError: two of them differ.
    """
    first, *others = results
    for other in others:
        _require(dict(other.counts) == dict(first.counts), other, f"{other.counts} is not what {first.contender} gave")


def check_cleaning(results: Sequence[CleaningResult], workload: Workload) -> None:
    """Check that no contender lost a record, that each always found the same, and the platform what the others did.

    Raises:
        BenchmarkError: one did not; the message says what is wrong.
    """
    records = workload.records // workload.days * workload.days
    found = {result.contender: result.found for result in results}
    for result in results:
        _require(result.found.records == records, result, f"{result.found.records} records, there are {records}")
        _require(result.found == found[result.contender], result, f"not always the same: {result.found}")
    for ours in (result for result in results if result.contender in {PLATFORM, ONE_LANGUAGE}):
        for name, theirs in found.items():
            _require(ours.found.unreadable == theirs.unreadable, ours, f"{ours.found}, {name} {theirs}")
            apart = abs(ours.found.exact - theirs.exact)
            _require(apart <= DUPLICATES_TOLERANCE * theirs.exact, ours, f"{ours.found}, {name} {theirs}")
            least = theirs.near * (1 - NEAR_DUPLICATES_TOLERANCE)
            _require(ours.found.near >= least, ours, f"{ours.found}, {name} {theirs}")


def _require(condition: object, result: Result | CleaningResult, problem: str) -> None:
    if not condition:
        raise BenchmarkError(f"{result.contender}: {problem}; such a run is no measurement")
