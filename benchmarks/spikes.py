"""Spikes: which outages of a simulated year are found, how soon, and what else is reported.

    python -m benchmarks spikes [--seeds 101 102 103]

The detector stands against a plain three-sigma rule (each series' hours of the last four weeks) and against
Elementary's defaults (daily buckets, 14 days of training, sensitivity 3, no season, complete days only). Both are
given the platform's own merging of alarms, and only their alarms upwards count, so that the rules are compared and
nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.spikes_world import FACTORS, SCOPES, WARM_UP, Outage, World, simulate
from complaints_platform.marts.expectations import ALL, HOURS, Grid, score
from complaints_platform.marts.incident_detection import QUIET_HOURS, find_incidents, near

PLATFORM, SIGMA, ELEMENTARY = "complaints_platform", "three sigma", "Elementary's defaults"
SIGMAS = 3.0
SIGMA_DAYS = 28
ELEMENTARY_DAYS = 14
ELEMENTARY_LEAST_DAYS = 7
GRACE_HOURS = 1
"""What was reported so long after an outage may still be it."""
PROMISED_FACTOR = 3.0
USUAL_LIMITS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Complaints that are usual in an hour of all that an outage hits: the lower ends of classes."""


@dataclass(frozen=True)
class Report:
    """An incident as some detector reported it; hours counted from the world's first."""

    start: int
    detected: int
    end: int
    cells: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """What became of one outage: hours until it was reported; None if it never was."""

    outage: Outage
    hours_to_detect: int | None


@dataclass(frozen=True)
class Judgement:
    """How a detector did in a world."""

    findings: tuple[Finding, ...]
    reports: int
    repeats: int
    """Reports of an outage that had been reported already."""
    false: int
    """Reports of nothing."""
    false_reports: tuple[Report, ...]


def by_platform(world: World) -> list[Report]:
    """Return what the platform reports."""
    grid = world.grid
    scores = score(grid, WARM_UP, grid.days - 1)
    found = find_incidents(grid, scores, WARM_UP, grid.days - 1)
    return [
        Report(each.start, each.detected, each.end or each.last + 1, _cells_of(grid, each.cells, each.channels))
        for each in found
    ]


def _cells_of(grid: Grid, cells: npt.NDArray[np.bool_], channels: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Return the cells that a report speaks of; a channel by itself speaks of all regions."""
    shown = cells.copy()
    for column in channels:
        category = grid.series.category[column]
        shown[:, slice(None) if category == ALL else category] = True
    return shown


def by_three_sigma(world: World) -> list[Report]:
    """Return what a plain rule reports: above mean + 3 standard deviations of the four weeks before."""
    grid = world.grid
    hours = grid.counts.reshape(-1, grid.counts.shape[-1]).astype(np.float64)
    span = SIGMA_DAYS * HOURS
    mean, spread = _moving(hours, span)
    alarms = np.zeros(hours.shape, dtype=np.bool_)
    alarms[span:] = hours[span:] > mean[:-1] + SIGMAS * spread[:-1]
    return _merged(grid, alarms, 1, QUIET_HOURS)


def by_elementary(world: World) -> list[Report]:
    """Return what ``volume_anomalies`` by each dimension reports with its defaults, upwards, at the end of each day."""
    grid = world.grid
    days = grid.counts.sum(1).astype(np.float64)
    mean, spread = _moving(days, ELEMENTARY_DAYS)
    alarms = np.zeros(days.shape, dtype=np.bool_)
    alarms[ELEMENTARY_DAYS:] = days[ELEMENTARY_DAYS:] > mean[:-1] + SIGMAS * spread[:-1]
    return _merged(grid, alarms, HOURS, 0)


DETECTORS: dict[str, Callable[[World], list[Report]]] = {
    PLATFORM: by_platform,
    SIGMA: by_three_sigma,
    ELEMENTARY: by_elementary,
}


def _moving(values: npt.NDArray[np.float64], span: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mean and standard deviation of each ``span`` rows in a row."""
    zeros = np.zeros((1, values.shape[1]))
    sums = np.concatenate([zeros, np.cumsum(values, axis=0)])
    squares = np.concatenate([zeros, np.cumsum(values**2, axis=0)])
    mean = (sums[span:] - sums[:-span]) / span
    return mean, np.sqrt(np.maximum((squares[span:] - squares[:-span]) / span - mean**2, 0) * span / (span - 1))


def _merged(grid: Grid, alarms: npt.NDArray[np.bool_], bucket: int, gap: int) -> list[Report]:
    """Merge alarms (``[buckets, series]``) of related series into reports; a bucket has so many hours."""
    series = grid.series
    related = np.array([[near(series, one, other) for other in range(len(series))] for one in range(len(series))])
    running: list[tuple[Report, npt.NDArray[np.int64], int]] = []
    done: list[Report] = []
    for number in range(WARM_UP * HOURS // bucket, len(alarms)):
        ended = [each for each in running if number - each[2] > gap + 1]
        done += [report for report, _, _ in ended]
        running = [each for each in running if number - each[2] <= gap + 1]
        columns = np.flatnonzero(alarms[number])
        while len(columns):
            group = columns[:1]
            while len(grown := columns[related[np.ix_(group, columns)].any(0)]) > len(group):
                group = grown
            columns = np.setdiff1d(columns, group)
            cells = np.zeros((len(series.regions), len(series.categories)), dtype=np.bool_)
            for column in group:
                region, category = series.region[column], series.category[column]
                cells[slice(None) if region == ALL else region, slice(None) if category == ALL else category] = True
            old = next((each for each in running if related[np.ix_(each[1], group)].any()), None)
            end = (number + 1) * bucket
            if old is None:
                running.append((Report(number * bucket, end - 1, end, cells), group, number))
            else:
                running = [each for each in running if each is not old]
                report = Report(old[0].start, old[0].detected, end, old[0].cells | cells)
                running.append((report, group, number))
    return done + [report for report, _, _ in running]


def judge(world: World, reports: Sequence[Report]) -> Judgement:
    """Match reports with outages: in time (with ``GRACE_HOURS``) and with a cell in common.

    A report that was there before the outage, and goes on, counts as having found it at once: to the good of rules
    that report all the time.
    """
    found: dict[int, int] = {}
    repeats, false = 0, []
    for report in sorted(reports, key=lambda each: (each.detected, each.start)):
        matches = [
            number
            for number, outage in enumerate(world.outages)
            if report.start < outage.start + outage.hours + GRACE_HOURS
            and report.end > outage.start
            and (report.cells & outage.cells).any()
        ]
        new = [number for number in matches if number not in found]
        for number in new:
            found[number] = max(report.detected, world.outages[number].start) + 1 - world.outages[number].start
        if not matches:
            false.append(report)
        elif not new:
            repeats += 1
    findings = tuple(Finding(outage, found.get(number)) for number, outage in enumerate(world.outages))
    return Judgement(findings, len(reports), repeats, len(false), tuple(false))


@dataclass(frozen=True)
class Tally:
    """What several worlds add up to for one detector."""

    reports: int
    repeats: int
    false: int
    findings: tuple[Finding, ...]
    false_in_normal_days: int
    normal_days: int
    normal_months: int
    """Whole stretches of 30 days, one after the other, of the years without any outage."""
    silent_months: int
    """Those of them without any report."""

    @property
    def precision(self) -> float:
        """Share of reports that are the first of an outage."""
        return 1 - (self.repeats + self.false) / self.reports if self.reports else 1.0

    def found(self, factor: float, least_usual: float, most_usual: float = float("inf")) -> list[Finding]:
        """Return the outages of a factor that hit so many usual complaints an hour."""
        return [
            each
            for each in self.findings
            if each.outage.factor == factor and least_usual <= each.outage.usual < most_usual
        ]


MONTH = 30


def measure(seeds: Sequence[int], normal_seeds: Sequence[int], say: Callable[[str], None]) -> dict[str, Tally]:
    """Let every detector watch the same worlds: a year with outages for each seed, and a year without."""
    judged: dict[str, list[Judgement]] = {name: [] for name in DETECTORS}
    quiet: dict[str, list[Report]] = {name: [] for name in DETECTORS}
    silent: dict[str, int] = dict.fromkeys(DETECTORS, 0)
    days = months = 0
    for seed in seeds:
        world = simulate(seed)
        for name, detector in DETECTORS.items():
            judged[name].append(judge(world, detector(world)))
            last = judged[name][-1]
            say(f"  year {seed}, {name}: {len(world.outages)} outages, {last.reports} reports, {last.false} false")
    for seed in normal_seeds:
        world = simulate(seed, every_days=None)
        normal_days = world.grid.days - WARM_UP
        days, months = days + normal_days, months + normal_days // MONTH
        for name, detector in DETECTORS.items():
            reports = detector(world)
            quiet[name] += reports
            spoken = {(report.start // HOURS - WARM_UP) // MONTH for report in reports}
            silent[name] += sum(month not in spoken for month in range(normal_days // MONTH))
            say(f"  year {seed} without outages, {name}: {len(reports)} reports")
    return {
        name: Tally(
            sum(each.reports for each in judged[name]),
            sum(each.repeats for each in judged[name]),
            sum(each.false for each in judged[name]),
            tuple(finding for each in judged[name] for finding in each.findings),
            len(quiet[name]),
            days,
            months,
            silent[name],
        )
        for name in DETECTORS
    }


def markdown(tallies: dict[str, Tally], seeds: Sequence[int], normal_seeds: Sequence[int]) -> str:
    """Return the section that people read."""
    outages = len(next(iter(tallies.values())).findings)
    lines = [
        f"## Spikes: {outages} outages in {len(seeds)} simulated years, and {len(normal_seeds)} years without any",
        "",
        (
            "Precision is the share of reports that are the first of an outage; a second report of the same one counts "
            "as wrong. Recall, first hour and hours are of outages of 3 times the usual count or more that hit at "
            f"least {PROMISED_USUAL:g} usual complaints an hour. The last two columns are from years without outages."
        ),
        "",
        "| | reports | precision | recall | in the first hour | median hours | in 30 normal days | silent months |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| {name} | {_row(tally)} |" for name, tally in tallies.items()]
    lines += ["", "Found, of all outages of that size, by usual complaints an hour of all that they hit:", ""]
    for name, tally in tallies.items():
        lines += [f"**{name}**", "", *_by_size(tally), ""]
    lines += ["By what they hit (found / found in the first hour / all; 3 times the usual count or more):", ""]
    lines += ["| | " + " | ".join(SCOPES) + " |", "|---|" + "---:|" * len(SCOPES)]
    for name, tally in tallies.items():
        cells = [
            _share([each for each in tally.findings if each.outage.scope == scope and _promised(each, 0)])
            for scope in SCOPES
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _promised(finding: Finding, least_usual: float) -> bool:
    return finding.outage.factor >= PROMISED_FACTOR and finding.outage.usual >= least_usual


PROMISED_USUAL = 30.0
"""From so many usual complaints an hour on, in all that an outage hits, it should be seen in an hour."""


def _row(tally: Tally) -> str:
    large = [each for each in tally.findings if _promised(each, PROMISED_USUAL)]
    hours = [each.hours_to_detect for each in large if each.hours_to_detect is not None]
    recall, first = len(hours) / len(large), sum(number == 1 for number in hours) / len(large)
    normal = tally.false_in_normal_days / tally.normal_days * MONTH
    return (
        f"{tally.reports} | {tally.precision:.3f} | {recall:.3f} | {first:.3f} | {median(hours) if hours else 0:.0f} | "
        f"{normal:.2f} | {tally.silent_months} of {tally.normal_months}"
    )


def _by_size(tally: Tally) -> list[str]:
    limits = [*USUAL_LIMITS, float("inf")]
    classes = list(pairwise(limits))
    names = [f"{low:.0f}-{high:.0f}" if high < float("inf") else f"{low:.0f} or more" for low, high in classes]
    lines = ["| times usual | " + " | ".join(names) + " |", "|---:|" + "---:|" * len(names)]
    for factor in FACTORS:
        shares = [_share(tally.found(factor, low, high)) for low, high in classes]
        lines.append(f"| {factor:g} | {' | '.join(shares)} |")
    return lines


def _share(findings: Sequence[Finding]) -> str:
    found = [each for each in findings if each.hours_to_detect is not None]
    return f"{len(found)} / {sum(each.hours_to_detect == 1 for each in found)} / {len(findings)}"


def as_json(tallies: dict[str, Tally]) -> dict[str, Any]:
    """Return all that was measured; outages without their cells."""
    return {
        name: {
            **{key: value for key, value in asdict(tally).items() if key != "findings"},
            "precision": tally.precision,
            "findings": [
                {
                    "factor": each.outage.factor,
                    "scope": each.outage.scope,
                    "hours": each.outage.hours,
                    "usual": each.outage.usual,
                    "hours_to_detect": each.hours_to_detect,
                }
                for each in tally.findings
            ],
        }
        for name, tally in tallies.items()
    }
