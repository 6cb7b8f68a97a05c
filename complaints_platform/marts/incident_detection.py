"""Incidents: improbable hours, one incident for each outbreak, however many hours and series it shows in.

Each hour, all series are tested over several windows (``expectations.WINDOWS``); the false discovery rate over
all these tests is held by Benjamini and Hochberg (1995), "Controlling the false discovery rate", J. R. Stat. Soc. B 57.
What is left must also be large enough to matter. Alarms become incidents as hours pass: those that share a region or a
category belong together; a series whose excess is that of parts of it says nothing of its own; what goes on belongs
to the incident that is open already; an incident ends when things are as usual again. Nothing is decided by what
comes later, so identity and start of an incident stay as they are while hours are added.

How an incident is stored and described does not belong here (``incidents``), nor what is expected of an hour
(``expectations``).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from complaints_platform.marts.expectations import ALL, HOURS, WINDOWS, Flags, Floats, Grid, Scores, Series, tail

FALSE_DISCOVERIES = 1e-5
"""Rate of false discoveries held in each hour, among the large series (``Series.marginals``) and among the many small
ones by themselves; with 8,760 hours a year there must not be one in a month."""

LEAST_COUNT = 8
LEAST_EXCESS = 6.0
LEAST_RATIO = 1.6
"""Below these a window is no incident, however improbable."""

NO_HISTORY, SHORT_HISTORY, FULL_HISTORY = 7, 21, 35
"""Days of history: below the first nothing is said, below the second only of overwhelming rises, and below the last,
before a month has been seen, only of clear ones."""

OVERWHELMING_RATIO, CLEAR_RATIO = 4.0, 2.5
OVERWHELMING_TAIL = 1e-7

STILL_HIGH_TAIL, STILL_HIGH_RATIO = 0.01, 1.3
"""An hour that would raise no alarm still belongs to an open incident if it is as improbable as this."""

QUIET_HOURS = 3
QUIET_EXPECTED = 5.0
LONGEST_QUIET_HOURS = 12
"""It ends after so many usual hours, in which enough was to be expected to tell; or after the longest."""

LONGEST_DAYS = 7
"""An incident that goes on for longer has become usual: it ends, and nothing is said until things change again."""

SCORED_DAYS = LONGEST_DAYS + 2
"""Days before a day, of which the hours decide what is open on it."""

EVERYWHERE_RATIO, REST_SHARE = 1.4, 0.1
"""A series is up as a whole if what it has beside the parts that raise alarms themselves is up by so much; of less than
such a share of it nothing can be said."""

CRITICAL_SHARE, MAJOR_SHARE = 0.5, 0.1
"""Severity: excess of the worst hour, against an average hour of the whole company that day."""


@dataclass
class DetectedIncident:
    """One outbreak. Hours are numbers, counted from the grid's first hour.

    Attributes:
        identity: stable name.
        start: first hour with an excess.
        detected: the hour whose data were enough to see it.
        last: newest hour that belongs to it.
        cells: regions and categories that it has shown in (``[regions, categories]``).
        channels: columns of channel series that it showed in by themselves.
        end: the hour after its last one, once it has ended.
        closed: the hour in which that was seen.
    """

    identity: str
    start: int
    detected: int
    last: int
    cells: Flags
    channels: set[int] = field(default_factory=set)
    end: int | None = None
    closed: int | None = None
    items: dict[int, int] = field(default_factory=dict)
    """Alarmed series → hour of their newest alarm."""

    def parts(self, grid: Grid) -> npt.NDArray[np.int64]:
        """Return the columns that together count its complaints, each once."""
        if self.cells.any():
            return grid.series.cells.start + np.flatnonzero(self.cells)  # type: ignore[no-any-return]
        return np.array(sorted(self.channels), dtype=np.int64)


class Alarm(NamedTuple):
    """That so many complaints or more in a window (hours) are improbable; the least probable comes first."""

    probability: float
    window: int


@dataclass(frozen=True)
class Hour:
    """An hour of an incident: complaints in the regions and categories that it showed in."""

    number: int
    observed: int
    expected: float
    upper: float


def find_incidents(grid: Grid, scores: Scores, first: int, last: int) -> list[DetectedIncident]:
    """Return the incidents that are open at some time of the days ``first`` to ``last`` (their numbers), as of its end.

    ``scores`` are of the ``SCORED_DAYS`` before ``first`` (as far as the grid has them) up to ``last``. Incidents come
    in order of their start; those that had been going on since before the days that decide are left out.
    """
    start = max(scores.first, first - SCORED_DAYS)
    watch = _Watch(grid, scores, start, last)
    watch.run()
    for incident in watch.incidents:
        longest = incident.start + LONGEST_DAYS * HOURS
        if incident.last >= longest:  # it is no news any more
            incident.end, incident.closed = longest, longest
    # What was under way when the scored days began has lost its beginning; it is older than an incident gets.
    whole = (start + 1) * HOURS if start > 0 else 0
    return [
        incident
        for incident in watch.incidents
        if incident.start >= whole and (incident.closed is None or incident.closed >= first * HOURS)
    ]


class _Tests:
    """The tests of all series in an hour, over all windows."""

    def __init__(self, counts: Floats, scores: Scores, marginals: int) -> None:
        self.counts = counts
        self.expected = scores.expected.reshape(len(counts), -1)
        self._scores = scores
        self._ratio = np.select(
            [scores.history < NO_HISTORY, scores.history < SHORT_HISTORY, scores.history < FULL_HISTORY],
            [np.inf, OVERWHELMING_RATIO, CLEAR_RATIO],
            LEAST_RATIO,
        )
        tested = scores.history >= NO_HISTORY
        self._marginals = np.arange(tested.shape[1]) < marginals
        self._tests = [tested[:, family].sum(1) * len(WINDOWS) for family in (self._marginals, ~self._marginals)]
        self._short = scores.history < SHORT_HISTORY

    def possible(self) -> Flags:
        """Return the hours in which some window of some series is large enough."""
        days = np.repeat(np.arange(len(self._ratio)), HOURS)
        found = np.zeros(len(self.counts), dtype=np.bool_)
        counts, expected = (np.cumsum(each, axis=0, dtype=np.float64) for each in (self.counts, self.expected))
        for window in WINDOWS:
            observed, usual = (each - _shifted(each, window) for each in (counts, expected))
            found |= self._large(observed, usual, self._ratio[days]).any(1)
        return found

    def alarms(self, hour: int, touched: Flags) -> dict[int, Alarm]:
        """Return the alarmed series of an hour, by column.

        Series ``touched`` by an open incident are judged by the hour alone: what made it begin is no news.
        """
        day = hour // HOURS
        now, usual_now = self.counts[hour], self.expected[hour]
        rising = now >= np.maximum(STILL_HIGH_RATIO * usual_now, usual_now + 1)
        columns: list[int] = []
        found: list[Alarm] = []
        for number, window in enumerate(WINDOWS):
            hours = slice(max(0, hour - window + 1), hour + 1)
            observed, usual = self.counts[hours].sum(0), self.expected[hours].sum(0)
            judged = rising if window == 1 else rising & ~touched
            (places,) = np.nonzero(judged & self._large(observed, usual, self._ratio[day]))
            tails = tail(observed[places], usual[places], self._scores.dispersion[day, number, places])
            columns += places.tolist()
            found += [Alarm(probability, window) for probability in tails.tolist()]
        kept = self._discoveries(
            np.array(columns, dtype=np.int64), np.array([alarm.probability for alarm in found]), day
        )
        alarms: dict[int, Alarm] = {}
        for place in np.flatnonzero(kept).tolist():
            column, alarm = columns[place], found[place]
            alarms[column] = min(alarms.get(column, alarm), alarm)
        return alarms

    def _discoveries(self, columns: npt.NDArray[np.int64], tails: npt.NDArray[np.float64], day: int) -> Flags:
        """Return which of the tails of a day's hour count, each family of series by itself."""
        kept = np.zeros(len(columns), dtype=np.bool_)
        for family, tests in zip((self._marginals[columns], ~self._marginals[columns]), self._tests, strict=True):
            kept[family] = discoveries(tails[family], int(tests[day]), FALSE_DISCOVERIES)
        return np.asarray(kept & (~self._short[day, columns] | (tails <= OVERWHELMING_TAIL)))

    @staticmethod
    def _large(observed: Any, usual: Any, ratio: Any) -> Any:
        enough = (observed >= LEAST_COUNT) & (observed - usual >= LEAST_EXCESS)
        with np.errstate(invalid="ignore"):
            return enough & (observed >= ratio * np.maximum(usual, 1e-6))

    def still_high(self, columns: Any, first: int, last: int) -> bool:
        """Tell whether the hours are still improbable for some columns taken together."""
        hours = slice(first, last + 1)
        observed, usual = (float(each[hours, columns].sum()) for each in (self.counts, self.expected))
        if observed < max(STILL_HIGH_RATIO * usual, usual + 1):
            return False
        dispersion = float(self._scores.dispersion[last // HOURS, 0, columns].min())
        (probability,) = tail(np.array([observed]), np.array([usual]), np.array([dispersion]))
        return bool(probability <= STILL_HIGH_TAIL)


def discoveries(probabilities: npt.NDArray[np.float64], tests: int, rate: float) -> Flags:
    """Return which of the smallest probabilities of ``tests`` tests count, at a false discovery ``rate``."""
    order = np.argsort(probabilities, kind="stable")
    passed = np.flatnonzero(probabilities[order] <= rate * np.arange(1, len(order) + 1) / tests)
    kept = np.zeros(len(probabilities), dtype=np.bool_)
    if len(passed):
        kept[order[: passed[-1] + 1]] = True
    return kept


def near(series: Series, one: int, other: int) -> bool:
    """Tell whether two series (columns) share a region or a category, or have complaints in common."""
    regions = {int(series.region[one]), int(series.region[other])}
    categories = {int(series.category[one]), int(series.category[other])}
    same_region, same_category = len(regions) == 1, len(categories) == 1
    if (same_region or ALL in regions) and (same_category or ALL in categories):
        return True
    return (same_region and ALL not in regions) or (same_category and ALL not in categories)


def _shifted(sums: npt.NDArray[np.float64], by: int) -> npt.NDArray[np.float64]:
    return np.concatenate([np.zeros_like(sums[:by]), sums])[: len(sums)]


class _Watch:
    """Goes from hour to hour, and knows what is open."""

    def __init__(self, grid: Grid, scores: Scores, first: int, last: int) -> None:
        offset = first - scores.first
        days = slice(offset, last - scores.first + 1)
        self._grid = grid
        self._first = first * HOURS
        self._scores = Scores(first, scores.expected[days], scores.dispersion[days], scores.history[days])
        hours = (last - first + 1) * HOURS
        self._tests = _Tests(
            grid.counts[first : last + 1].reshape(hours, -1).copy(), self._scores, grid.series.marginals.stop
        )
        # The newest hour of a day in progress may go on; hours after it have not been seen.
        self._newest = newest_hour(grid, last) - self._first
        self.incidents: list[DetectedIncident] = []
        self._open: list[DetectedIncident] = []

    def run(self) -> None:
        """Look at every hour that has been seen, in order."""
        possible = self._tests.possible()
        for hour in range(self._newest + 1):
            if possible[hour] or self._open:
                self._look_at(hour)

    def _look_at(self, hour: int) -> None:
        touched = np.zeros(len(self._grid.series), dtype=np.bool_)
        for incident in self._open:
            touched |= self._touched(incident)
        alarms = self._tests.alarms(hour, touched)
        groups = self._groups(alarms, hour)
        everywhere = bool(groups) and self._rest_is_up(0, 1, groups, hour)
        if everywhere:
            groups = [[column for each in groups for column in each]]
        for group in groups:
            related = [each for each in self._open if everywhere or self._related(each, group, hour)]
            incident = related[0] if related else self._begin(group, alarms, hour)
            for column in group:
                incident.items[column] = hour
                if self._grid.series.channel[column] == ALL:
                    incident.cells |= self._cells([column])
                else:
                    incident.channels.add(column)
            incident.last = self._first + hour
        for incident in list(self._open):
            if incident.last < self._first + hour:
                self._wait(incident, hour)

    # --- which alarms say something, and which belong together ------------------------------

    def _cells(self, columns: Iterable[int]) -> Flags:
        """Return the regions and categories whose complaints some series count, those by channel left out."""
        series = self._grid.series
        cells = np.zeros((len(series.regions), len(series.categories)), dtype=np.bool_)
        for column in columns:
            region, category = series.region[column], series.category[column]
            if series.channel[column] == ALL:
                cells[region if region != ALL else slice(None), category if category != ALL else slice(None)] = True
        return cells

    def _groups(self, alarms: Mapping[int, Alarm], hour: int) -> list[list[int]]:
        """Split the alarmed series that say something into those that belong together.

        The finest come first. A larger one says nothing new if its excess is that of parts of it, which raise alarms
        themselves; otherwise it is up as a whole, and what it consists of belongs together.
        """
        series = self._grid.series
        fineness = (series.region != ALL).astype(int) + (series.category != ALL)
        # By region or category before by channel: where it was says more than how it came.
        order = sorted(alarms, key=lambda each: (-fineness[each], series.channel[each] != ALL, alarms[each], each))
        groups: list[list[int]] = []
        for column in order:
            is_cell = fineness[column] == len((ALL, ALL)) and series.channel[column] == ALL
            if is_cell or not self._is_of_a_part(column, alarms[column].window, groups, hour):
                joined = [group for group in groups if any(near(series, column, other) for other in group)]
                merged = [column, *(other for group in joined for other in group)]
                groups = [group for group in groups if group not in joined] + [merged]
        return groups

    def _is_of_a_part(self, column: int, window: int, groups: Sequence[list[int]], hour: int) -> bool:
        """Tell whether the excess of a series over a window is that of parts of it, known already."""
        rest_is_up = self._rest_is_up(column, window, groups, hour)
        if rest_is_up is None:  # hardly anything is left: whether the parts belong together, only they can tell
            return len(groups) == 1 or self._grid.series.channel[column] != ALL
        return not rest_is_up

    def _rest_is_up(self, column: int, window: int, groups: Sequence[list[int]], hour: int) -> bool | None:
        """Tell whether what a series has beside the parts that are known is up as well; None if it has hardly any."""
        hours = slice(max(0, hour - window + 1), hour + 1)
        series = self._grid.series
        mine = self._of_category(column) if series.channel[column] != ALL else self._cells([column])
        known = np.logical_or.reduce([mine & False, *map(self._cells, groups), *(each.cells for each in self._open)])
        counts = self._tests.counts[hours, series.cells].sum(0)
        expected = self._tests.expected[hours, series.cells].sum(0)
        rest = (mine & ~known).ravel()
        observed, usual = float(counts[rest].sum()), float(expected[rest].sum())
        if usual < REST_SHARE * float(expected[mine.ravel()].sum()):
            return None
        return bool(observed >= max(EVERYWHERE_RATIO * usual, usual + 3 * np.sqrt(usual) + 1))

    def _of_category(self, column: int) -> Flags:
        """Return the cells of the category of a series, all if it has none."""
        series = self._grid.series
        cells = np.zeros((len(series.regions), len(series.categories)), dtype=np.bool_)
        category = series.category[column]
        cells[:, category if category != ALL else slice(None)] = True
        return cells

    def _touched(self, incident: DetectedIncident) -> Flags:
        """Return the series that count complaints of an incident."""
        series = self._grid.series
        known = incident.cells.copy()
        for column in incident.channels:
            known |= self._of_category(column)
        padded = np.zeros((len(series.regions) + 1, len(series.categories) + 1), dtype=np.bool_)
        padded[:-1, :-1], padded[:-1, ALL], padded[ALL, :-1] = known, known.any(1), known.any(0)
        padded[ALL, ALL] = known.any()
        return padded[series.region, series.category]

    def _related(self, incident: DetectedIncident, group: Iterable[int], hour: int) -> bool:
        recent = [column for column, newest in incident.items.items() if newest >= hour - HOURS]
        return any(near(self._grid.series, column, other) for column in group for other in recent)

    # --- the life of an incident -------------------------------------------------------------

    def _begin(self, group: list[int], alarms: Mapping[int, Alarm], hour: int) -> DetectedIncident:
        chief = min(group, key=lambda column: (alarms[column], column))
        start = self._beginning(chief, alarms[chief].window, hour)
        series = self._grid.series
        cells = np.zeros((len(series.regions), len(series.categories)), dtype=np.bool_)
        now = self._first + hour
        incident = DetectedIncident(self._identity(chief, start), self._first + start, now, now, cells)
        self.incidents.append(incident)
        self._open.append(incident)
        return incident

    def _beginning(self, column: int, window: int, hour: int) -> int:
        """Return the first of the hours without a break, within the window that raised the alarm, that were high."""
        start = hour
        counts, expected = self._tests.counts[:, column], self._tests.expected[:, column]
        for earlier in range(hour - 1, max(-1, hour - window), -1):
            if counts[earlier] < max(STILL_HIGH_RATIO * expected[earlier], 1):
                break
            start = earlier
        return start

    def _identity(self, column: int, start: int) -> str:
        """Return a name made of the day and the series it began with: late complaints may move its hour."""
        series = self._grid.series
        day = self._grid.first_day + timedelta(days=(start + self._first) // HOURS)
        scope = [
            names[index] if index != ALL else ""
            for names, index in (
                (series.regions, series.region[column]),
                (series.categories, series.category[column]),
                (series.channels, series.channel[column]),
            )
        ]
        taken = {incident.identity for incident in self.incidents}
        texts = ("\0".join([day.isoformat(), *scope, str(number)]) for number in count())
        names_to_try = (hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts)
        return next(name for name in names_to_try if name not in taken)

    def _wait(self, incident: DetectedIncident, hour: int) -> None:
        """See whether an incident without an alarm in this hour goes on, or has ended."""
        columns = incident.parts(self._grid)
        now = self._first + hour
        if self._tests.still_high(columns, hour, hour):
            incident.last = now
            return
        if hour == self._newest:
            return  # more of this hour may come
        quiet, since = now - incident.last, incident.last + 1 - self._first
        usual = float(self._tests.expected[since : hour + 1, columns].sum())
        if quiet < QUIET_HOURS or (usual < QUIET_EXPECTED and quiet < LONGEST_QUIET_HOURS):
            return
        if self._tests.still_high(columns, since, hour):
            incident.last = now
            return
        self._open.remove(incident)
        incident.end, incident.closed = incident.last + 1, now
        # Its excess is taken out of the counts: it must not raise an alarm again in a longer window.
        touched = self._touched(incident)
        hours = slice(max(0, incident.start - self._first), hour + 1)
        counts, expected = self._tests.counts, self._tests.expected
        counts[hours, touched] = np.minimum(counts[hours, touched], expected[hours, touched])


def hours_of(incident: DetectedIncident, grid: Grid, scores: Scores, last: int) -> list[Hour]:
    """Return the hours of an incident, up to its end or to the newest hour of the day ``last`` (a number)."""
    columns = incident.parts(grid)
    end = newest_hour(grid, last) + 1 if incident.end is None else incident.end
    hours = []
    for number in range(incident.start, end):
        day, hour = divmod(number, HOURS)
        expected = scores.expected[day - scores.first, hour, columns]
        spread = np.minimum(scores.dispersion[day - scores.first, 0, columns], 1).min()
        usual = float(expected.sum())
        # Three standard deviations of what is usual.
        upper = usual + 3 * float(np.sqrt(usual + spread * usual**2))
        hours.append(Hour(number, int(grid.counts[day, hour, columns].sum()), usual, upper))
    return hours


def severity(hours: Sequence[Hour], scores: Scores) -> str:
    """Return ``minor``, ``major`` or ``critical``: how large the worst hour's excess is for the company.

    It only ever grows while hours are added.
    """
    worst = 0.0
    for hour in hours:
        average = float(scores.expected[hour.number // HOURS - scores.first, :, 0].mean())
        worst = max(worst, (hour.observed - hour.expected) / max(average, 1.0))
    if worst >= CRITICAL_SHARE:
        return "critical"
    return "major" if worst >= MAJOR_SHARE else "minor"


def newest_hour(grid: Grid, last: int) -> int:
    """Return the newest hour with data up to the end of the day ``last``; what comes later is not known of that day."""
    (hours,) = np.nonzero(grid.counts[: last + 1, :, 0].reshape(-1))
    return int(hours[-1]) if len(hours) else -1


def time_of(number: int, grid: Grid) -> datetime:
    """Return the start of an hour of a grid (UTC)."""
    return datetime.combine(grid.first_day, time(), UTC) + timedelta(hours=number)
