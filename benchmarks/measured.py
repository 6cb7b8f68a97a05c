"""What is measured of the way from files to de-duplicated complaints: plain values, for checks and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.meter import Cost

PLATFORM, ONE_LANGUAGE, POLARS, USUAL = "platform", "one-language", "polars", "usual"
CONTENDERS = (PLATFORM, ONE_LANGUAGE, POLARS, USUAL)


@dataclass(frozen=True)
class Found:
    """What a contender found in the files."""

    records: int
    """All of them, the unreadable ones included."""
    unreadable: int
    exact: int
    """Repetitions of an earlier record."""
    near: int
    """Records, other than those, that nearly repeat an earlier one."""


@dataclass(frozen=True)
class CleaningResult:
    """One run of one contender over a workload of some days."""

    contender: str
    days: int
    total: Cost
    stages: Mapping[str, Cost]
    found: Found
    load: float
    """Load average of the machine when it began: above 0 somebody else was at work."""


@dataclass(frozen=True)
class Spent:
    """Seconds that a step took: by the clock, and of CPU in all threads of its process."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class DayCost:
    """What one more day cost in a lake of ``size`` days."""

    size: int
    collect: Spent
    clean: Spent
    look: Spent
    """A look at the state of all days, for what is stale."""

    @property
    def added(self) -> Spent:
        """Collecting and cleaning the day, together."""
        return Spent(self.collect.wall_s + self.clean.wall_s, self.collect.cpu_s + self.clean.cpu_s)


@dataclass(frozen=True)
class HistoryResult:
    """What single days cost in lakes of several sizes."""

    with_ids: bool
    """The contracts name the senders' own ids, so that collecting looks into the key index."""
    days: Sequence[DayCost]
