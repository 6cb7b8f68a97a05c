"""Which days are made next: (state, what is due, what became of the last run) → (batch, state).

What is stale is found by looking at stored state; here it is only decided what of it is made, when, and what
becomes of days that fail. One batch is under way at a time. When one fails, it is halved until the days that
fail stand alone; those are tried again at growing intervals and reported, while all others go on. So is a day
that a good run has left as stale as it was: whatever the reason, running again and again would not help.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self

HALVED_AFTER_SECONDS = 5
"""A batch of many days that failed is tried again in halves, soon."""

FIRST_PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 6 * 3600
PAUSE_FACTOR = 4

REPORTED_AFTER = 3
"""A day that has failed so often is reported; it is still tried again now and then."""

FAILURES_IN_A_ROW = 4
"""After so many failed runs without a good one, something else than the days is wrong: everything pauses."""

LONGEST_PAUSE_OF_ALL_SECONDS = 900

FREE_ROWS = 50_000
REST_SECONDS_PER_ROW = 250e-6
LONGEST_REST_SECONDS = 600
REST_STEP_SECONDS = 10
"""A day that was just made rests for a time that grows with its rows beyond ``FREE_ROWS``, up to the longest rest.

Making a day means to look at all its rows and at those of the day before (so it rests by the larger of the two), and
to write its own. A large day that grows
all the time is made less often the larger it is, so that what is computed and written for a micro-batch is about the
same at any hour; a day of a million rows rests for four minutes. By rows, not by what a run took: a busy machine must
not delay small days. In whole steps, so that the days of a run share few ends of their rest.
"""

UNKNOWN_RUN_IS_LOST_AFTER_SECONDS = 120
"""A batch whose run does not show up for so long was never started."""

NAMES_SHOWN = 4


class DayKind(StrEnum):
    """By which day a table is partitioned."""

    OCCURRED = "day"
    RECEIVED = "received"


@dataclass(frozen=True, order=True)
class Unit:
    """A day to be made: of the tables by the day of the complaint, or of those by the day received."""

    kind: DayKind
    day: date

    def __str__(self) -> str:
        return str(self.day) if self.kind is DayKind.OCCURRED else f"received {self.day}"


class RunOutcome(StrEnum):
    """What became of the run of a batch."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Trouble:
    """Days that failed together, or that good runs left as stale as they were.

    Attributes:
        units: the days, in order.
        attempts: how often that happened; 0 for halves of a failed batch that were not tried yet.
        not_before: when they are tried again (seconds since 1970).
        in_vain: what each day was to become that good runs left stale; once one is to become something else, it
            goes at once. Empty for days whose runs failed.
    """

    units: tuple[Unit, ...]
    attempts: int
    not_before: float
    in_vain: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunningBatch:
    """The batch that is under way."""

    batch: str
    units: tuple[Unit, ...]
    attempts: int
    at: float
    targets: tuple[str, ...]
    """What each of the units was to become, as four hex digits."""


@dataclass(frozen=True)
class Resting:
    """Days that were made just now, and until when they are left alone (seconds since 1970)."""

    units: tuple[Unit, ...]
    until: float


@dataclass(frozen=True)
class ReconcilingState:
    """What the sensor remembers from tick to tick; days stand in it only while they are under way or fail."""

    running: RunningBatch | None = None
    troubles: tuple[Trouble, ...] = ()
    failed_in_a_row: int = 0
    paused_until: float = 0
    release: str = ""
    """What runs; when it changes, everything that failed is tried again."""
    trouble_next: bool = False
    """Days that failed before are next, even while new ones keep coming: they take turns."""
    resting: tuple[Resting, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; neighbouring days are written as ranges."""
        running = self.running
        return {
            "asked": running
            and [running.batch, _packed(running.units), running.attempts, running.at, "".join(running.targets)],
            "troubles": [
                [_packed(each.units), each.attempts, each.not_before, "".join(each.in_vain)] for each in self.troubles
            ],
            "failed_in_a_row": self.failed_in_a_row,
            "paused_until": self.paused_until,
            "release": self.release,
            "trouble_next": self.trouble_next,
            "rests": [[_packed(each.units), each.until] for each in self.resting],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` returned."""
        running = values["asked"]
        return cls(
            RunningBatch(running[0], _unpacked(running[1]), running[2], running[3], _in_fours(running[4]))
            if running
            else None,
            tuple(
                Trouble(_unpacked(units), attempts, at, _in_fours(in_vain))
                for units, attempts, at, in_vain in values["troubles"]
            ),
            values["failed_in_a_row"],
            values["paused_until"],
            values["release"],
            values["trouble_next"],
            tuple(Resting(_unpacked(units), until) for units, until in values.get("rests", ())),
        )


@dataclass(frozen=True)
class Rules:
    """How it is to be done.

    Attributes:
        days_per_run: days that one run makes at most.
        newest_first: which days go first.
        release: what runs (any text that changes with it).
        last: the last day that can be asked for.
        busy: what else makes days just now, in words; nothing is asked for meanwhile.
        rows: complaints of each day that the batch under way has made, and of the days before these.
    """

    days_per_run: int
    newest_first: bool
    release: str
    last: date
    busy: str | None = None
    rows: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """The days of one run, by table (``schema/name``), in order."""

    name: str
    units: tuple[Unit, ...]
    tables: Mapping[str, tuple[date, ...]]
    attempts: int = 0

    def describe(self) -> str:
        """Say in one line what is made."""
        tables = "; ".join(f"{table}: {describe_days(days)}" for table, days in self.tables.items())
        return f"{_days(len(self.units))} ({tables})" + (f", failed {self.attempts} times before" * bool(self.attempts))


@dataclass(frozen=True)
class ReconcilingDecision:
    """What to do now, and why; ``reported`` are days that have now failed so often that somebody should look."""

    batch: Batch | None
    why: str
    state: ReconcilingState
    reported: tuple[Unit, ...] = ()


def decide(
    state: ReconcilingState,
    due: Mapping[str, Mapping[date, str]],
    kinds: Mapping[str, DayKind],
    last_run: RunOutcome,
    now: float,
    rules: Rules,
) -> ReconcilingDecision:
    """Decide which days are made next, one batch at a time.

    ``due`` says by table (``schema/name``) and day what it is to become, as a fingerprint; ``last_run``, what became of
    the batch under way; ``now`` is in seconds since 1970.
    """
    if state.running is not None:
        lost = last_run is RunOutcome.UNKNOWN and now - state.running.at > UNKNOWN_RUN_IS_LOST_AFTER_SECONDS
        if last_run is RunOutcome.RUNNING or (last_run is RunOutcome.UNKNOWN and not lost):
            return ReconcilingDecision(None, f"{_days(len(state.running.units))} under way", state)
    units = _units(due, kinds, rules.last)
    before = state.troubles
    if state.running is not None and last_run is RunOutcome.SUCCEEDED:
        state = replace(state, resting=_rests(state.resting, state.running.units, now, rules.rows))
    if state.release != rules.release:
        state = replace(state, release=rules.release, troubles=(), failed_in_a_row=0, paused_until=0)
    state = _only_due(_after_run(state, last_run, units, now), units)
    # What only reads a failing day stays stale as well: the cause is reported, not what follows from it.
    failing = any(each.attempts and not each.in_vain for each in state.troubles)
    reported = tuple(
        unit
        for each in state.troubles
        for unit in each.units
        if each.attempts == REPORTED_AFTER and each not in before and not (each.in_vain and failing)
    )
    batch, why = _next(state, due, kinds, units, now, rules)
    if batch is not None:
        again = next((each for each in state.troubles if each.units == batch.units), None)
        state = replace(
            state,
            running=RunningBatch(
                batch.name, batch.units, batch.attempts, now, tuple(units[unit] for unit in batch.units)
            ),
            troubles=tuple(each for each in state.troubles if each is not again),
            trouble_next=again is None,
        )
    return ReconcilingDecision(batch, why + _troubles(state), state, reported)


def _units(due: Mapping[str, Mapping[date, str]], kinds: Mapping[str, DayKind], last: date) -> dict[Unit, str]:
    """Return what is due by unit, and what each is to become."""
    found: dict[Unit, str] = {}
    for table in sorted(due):
        for day, target in due[table].items():
            if day <= last:
                unit = Unit(kinds[table], day)
                found[unit] = f"{found.get(unit, '')} {table} {target}"
    return {unit: hashlib.sha256(target.encode()).hexdigest()[:4] for unit, target in found.items()}


def _next(
    state: ReconcilingState,
    due: Mapping[str, Mapping[date, str]],
    kinds: Mapping[str, DayKind],
    units: Mapping[Unit, str],
    now: float,
    rules: Rules,
) -> tuple[Batch | None, str]:
    if not units:
        return None, "everything that is due is up to date"
    if rules.busy is not None:
        return None, f"{_days(len(units))} due, waiting until {rules.busy} has ended"
    if now < state.paused_until:
        return None, f"{state.failed_in_a_row} runs in a row failed; again in {round(state.paused_until - now)} s"
    troubled = {unit for each in state.troubles for unit in each.units}
    resting = {unit: each.until for each in state.resting if now < each.until for unit in each.units if unit in units}
    fresh = sorted(
        units.keys() - troubled - resting.keys(), key=lambda unit: (unit.day, unit.kind), reverse=rules.newest_first
    )
    ripe = min(
        (each for each in state.troubles if each.not_before <= now), key=lambda each: each.not_before, default=None
    )
    if fresh and not (state.trouble_next and ripe):
        batch = _batch(tuple(sorted(fresh[: rules.days_per_run])), due, kinds, 0, now)
        later = len(fresh) - len(batch.units)
        return batch, batch.describe() + (f"; {_days(later)} later" if later else "")
    if ripe is not None:
        batch = _batch(ripe.units, due, kinds, ripe.attempts, now)
        return batch, batch.describe()
    why = "nothing else is due"
    if resting:
        wait = round(min(resting.values()) - now)
        why = f"{_days(len(resting))} just made and due again: what comes is taken together in {wait} s"
    return None, why


def _rests(
    before: Sequence[Resting], made: tuple[Unit, ...], now: float, rows: Mapping[date, int]
) -> tuple[Resting, ...]:
    """Return which days rest after some were made."""
    together: dict[int, list[Unit]] = {}
    for unit in made:
        rest = _rest(unit, rows)
        if rest:
            together.setdefault(rest, []).append(unit)
    kept = tuple(each for each in before if now < each.until and set(made).isdisjoint(each.units))
    return (*kept, *(Resting(tuple(units), now + rest) for rest, units in together.items()))


def _rest(unit: Unit, rows: Mapping[date, int]) -> int:
    """Return for how many seconds a day rests after it was made."""
    if unit.kind is not DayKind.OCCURRED:
        return 0
    larger = max(rows.get(unit.day, 0), rows.get(unit.day - timedelta(days=1), 0))
    rest = min(REST_SECONDS_PER_ROW * max(0, larger - FREE_ROWS), LONGEST_REST_SECONDS)
    return math.ceil(rest / REST_STEP_SECONDS) * REST_STEP_SECONDS


def _batch(
    units: tuple[Unit, ...],
    due: Mapping[str, Mapping[date, str]],
    kinds: Mapping[str, DayKind],
    attempts: int,
    now: float,
) -> Batch:
    chosen = set(units)
    tables = {
        table: days
        for table, target in due.items()
        if (days := tuple(day for day in sorted(target) if Unit(kinds[table], day) in chosen))
    }
    name = hashlib.sha256(f"{now} {_packed(units)}".encode()).hexdigest()[:16]
    return Batch(name, units, tables, attempts)


def _after_run(
    state: ReconcilingState, last_run: RunOutcome, units: Mapping[Unit, str], now: float
) -> ReconcilingState:
    running = state.running
    if running is None:
        return state
    state = replace(state, running=None)
    if last_run is RunOutcome.SUCCEEDED:
        # Where a day that failed is good now, so may be what only stayed stale because of it.
        kept = tuple(each for each in state.troubles if not (running.attempts and each.in_vain))
        left = {
            unit: target
            for unit, target in zip(running.units, running.targets, strict=True)
            if units.get(unit) == target
        }
        if left:
            at = now + _pause(running.attempts)
            kept = (*kept, Trouble(tuple(left), running.attempts + 1, at, tuple(left.values())))
        return replace(state, troubles=kept, failed_in_a_row=0, paused_until=0)
    if last_run is not RunOutcome.FAILED:
        return state
    failed = state.failed_in_a_row + 1
    pause = min(_pause(failed - FAILURES_IN_A_ROW), LONGEST_PAUSE_OF_ALL_SECONDS)
    paused_until = now + pause if failed >= FAILURES_IN_A_ROW else 0.0
    if len(running.units) > 1:
        middle = len(running.units) // 2
        halves = (running.units[:middle], running.units[middle:])
        new = tuple(Trouble(half, 0, now + HALVED_AFTER_SECONDS) for half in halves)
    else:
        new = (Trouble(running.units, running.attempts + 1, now + _pause(running.attempts)),)
    return replace(state, troubles=state.troubles + new, failed_in_a_row=failed, paused_until=paused_until)


def _only_due(state: ReconcilingState, units: Mapping[Unit, str]) -> ReconcilingState:
    """Forget days that are up to date by now, and those left stale by good runs that are to become something else."""
    kept = []
    for each in state.troubles:
        was = dict(zip(each.units, each.in_vain, strict=True)) if each.in_vain else {}
        left = tuple(unit for unit in each.units if unit in units and (not was or was[unit] == units[unit]))
        if left:
            kept.append(replace(each, units=left, in_vain=tuple(was[unit] for unit in left if was)))
    return replace(state, troubles=tuple(kept))


def _pause(times: int) -> float:
    return float(min(FIRST_PAUSE_SECONDS * PAUSE_FACTOR ** min(times, 10), LONGEST_PAUSE_SECONDS))


def _troubles(state: ReconcilingState) -> str:
    failing = sorted((each for each in state.troubles if each.attempts), key=lambda each: bool(each.in_vain))
    if not failing:
        return ""
    names = ", ".join(f"{_first(each.units)} ({each.attempts} times)" for each in failing[:NAMES_SHOWN])
    return f"; could not be brought up to date: {names}" + (
        f" and {len(failing) - NAMES_SHOWN} more" * (len(failing) > NAMES_SHOWN)
    )


def _first(units: Sequence[Unit]) -> str:
    return str(units[0]) + (f" and {len(units) - 1} more" * (len(units) > 1))


def describe_days(days: Sequence[date]) -> str:
    """Name days in a few words."""
    return str(days[0]) if len(days) == 1 else f"{len(days)} days {days[0]} … {days[-1]}"


def _days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"


def _packed(units: Iterable[Unit]) -> str:
    """Write units as ranges of day numbers: ``d739000-739030,r739030``."""
    ranges: list[tuple[Unit, Unit]] = []
    for unit in sorted(units):
        if ranges and ranges[-1][1] == Unit(unit.kind, unit.day - timedelta(days=1)):
            ranges[-1] = (ranges[-1][0], unit)
        else:
            ranges.append((unit, unit))
    return ",".join(f"{first.kind[0]}{first.day.toordinal()}-{last.day.toordinal()}" for first, last in ranges)


def _in_fours(text: str) -> tuple[str, ...]:
    return tuple(text[start : start + 4] for start in range(0, len(text), 4))


def _unpacked(text: str) -> tuple[Unit, ...]:
    kinds = {kind[0]: kind for kind in DayKind}
    found = []
    for part in filter(None, text.split(",")):
        first, last = part[1:].split("-")
        found += [Unit(kinds[part[0]], date.fromordinal(number)) for number in range(int(first), int(last) + 1)]
    return tuple(found)
