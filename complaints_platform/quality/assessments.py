"""An assessment: a measure of one source, day by day, and the bounds within which it is as usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Point:
    """One day of a measure. Bounds are None where that side is not judged, or where too little is known."""

    day: date
    value: float
    usual: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def is_judged(self) -> bool:
        """There was enough history, and the day is over."""
        return self.lower is not None or self.upper is not None

    @property
    def fails(self) -> bool:
        """The value lies outside of its bounds."""
        return (self.lower is not None and self.value < self.lower) or (
            self.upper is not None and self.value > self.upper
        )


@dataclass(frozen=True)
class Assessment:
    """A measure of a source over some days, in order."""

    source: str
    measure: str
    """A key of ``rates.RATES``, ``volume`` or ``lateness in hours``."""
    history: Sequence[Point]
    """Days before, for the plot."""
    points: Sequence[Point]
    """The days to assess."""
    next_step: str
    """What a person does if a point fails."""
    is_share: bool = False
    """Values are from 0 to 1, and written in percent."""

    @property
    def judged(self) -> list[Point]:
        """The days of which enough is known."""
        return [point for point in self.points if point.is_judged]

    @property
    def failing(self) -> list[Point]:
        """The days that are not as usual."""
        return [point for point in self.points if point.fails]

    @property
    def passed(self) -> bool:
        """Nothing is unusual, or too little is known to say so."""
        return not self.failing

    def describe(self) -> str:
        """Say it in one line: source, measure, newest failing day and numbers."""
        if not self.failing:
            return f"{self.source}: {self.measure} as usual on {len(self.judged)} days judged"
        point = self.failing[-1]
        low = point.lower is not None and point.value < point.lower
        bound = point.lower if low else point.upper
        more = f" (and {len(self.failing) - 1} days more)" if len(self.failing) > 1 else ""
        value, usual, allowed = (self._number(each) for each in (point.value, point.usual, bound))
        return (
            f"{self.source}: {self.measure} {'low' if low else 'high'} on {point.day}{more}: {value}, "
            f"usual is {usual}, allowed is {'at least' if low else 'at most'} {allowed}."
        )

    def _number(self, value: float | None) -> str:
        if value is None:
            return "unknown"
        return f"{value:.1%}" if self.is_share else f"{value:,.4g}"
