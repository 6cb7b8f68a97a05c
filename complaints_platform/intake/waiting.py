"""Whether the files that wait in the landing are collected now: (state, what waits) → (request, state).

The state is a few numbers, however many files wait or have ever come. A file that can't be collected stays waiting
and is asked for again, less and less often.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from complaints_platform.intake.settling import Changed, Settling

NAMES_SHOWN = 12
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600


class Waiting(Changed, Protocol):
    """A file that waits in the landing."""

    @property
    def source(self) -> str:
        """Whose it is."""

    @property
    def name(self) -> str:
        """Its name below the folder of its source."""


@dataclass(frozen=True)
class LandingState:
    """What the sensor remembers from tick to tick.

    Attributes:
        source: whose landing the next look goes on with; empty for the first.
        after: key behind which it goes on.
        asked: which files were asked for last, as one number.
        times: how often in a row just these were asked for.
        not_before: when they may be asked for again (seconds since 1970).
        ahead: which files changed in the future were seen, as one number.
        ahead_since: since when just these are seen.
    """

    source: str = ""
    after: str = ""
    asked: int = 0
    times: int = 0
    not_before: float = 0
    ahead: int = 0
    ahead_since: float = 0

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class CollectRequest:
    """A run that collects what waits: how many files of which sources, and the names of some, as source/name.

    With ``ahead``, files changed in the future have settled as well.
    """

    sources: dict[str, int]
    names: list[str]
    ahead: bool

    @property
    def files(self) -> int:
        """How many files wait."""
        return sum(self.sources.values())

    def describe(self) -> str:
        """Say which files it is about, in one line."""
        more = self.files - len(self.names)
        return ", ".join(self.names) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True)
class LandingDecision:
    """What to do now, and why."""

    request: CollectRequest | None
    why: str
    state: LandingState


def decide(
    state: LandingState, waiting: Sequence[Waiting], now: float, settling: Settling, busy: str | None
) -> LandingDecision:
    """Decide whether a run collects now.

    ``state`` is that of the tick before, ``now`` in seconds since 1970; ``busy`` says in words what collects already.
    """
    seen_ahead = _together([file for file in waiting if file.changed > now]) if settling.by_age else 0
    if seen_ahead != state.ahead:
        state = replace(state, ahead=seen_ahead, ahead_since=now)
    ahead = state.ahead != 0 and now - state.ahead_since >= settling.seconds
    settled = replace(settling, ahead=ahead).files(waiting, now)
    growing = len(waiting) - len(settled)
    if not settled:
        return LandingDecision(None, f"{_files(growing)} not settled yet" if growing else "no new files", state)
    if busy is not None:
        return LandingDecision(None, f"{_files(len(settled))} waiting until {busy} has ended", state)
    these = _together(settled)
    if these == state.asked and now < state.not_before:
        pause = round(state.not_before - now)
        return LandingDecision(
            None, f"{_files(len(settled))} could not be collected {state.times} times; again in {pause} s", state
        )
    times = state.times + 1 if these == state.asked else 1
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(times - 1, 20), LONGEST_PAUSE_SECONDS)
    state = replace(state, asked=these, times=times, not_before=now + pause)
    names = [f"{file.source}/{file.name}" for file in settled[:NAMES_SHOWN]]
    request = CollectRequest(dict(Counter(file.source for file in settled)), names, ahead)
    return LandingDecision(request, f"{_files(request.files)}: {request.describe()}", state)


def _together(files: Sequence[Changed]) -> int:
    """Return one number for some files, whatever their order; 0 for none."""
    together = 0
    for file in files:
        together ^= file.identity
    return together or int(bool(files))


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
