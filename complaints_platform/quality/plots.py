"""Histories as small pictures in SVG: a kilobyte each, drawn in a millisecond, for checks that run all day.

Only drawing. Larger pictures with axes of many kinds are Matplotlib's work (``classification.plots``).
"""

from collections.abc import Sequence
from html import escape

from complaints_platform.quality.verdicts import Point

WIDTH = 640
HEIGHT = 150
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 22, 20
ALL_DIGITS = 100
"""Numbers from here on are written without decimals."""
MOST_POINTS = 90
"""Older days are left out: the plot is for people, and stands in the event log."""


def history_svg(panels: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """Draw measures day by day below each other: the values, the band of what is usual, and in red what is not.

    Args:
        panels: title and points, in order of days; panels without points are left out.
    """
    drawn = [(title, points[-MOST_POINTS:]) for title, points in panels if points]
    parts = [_panel(title, points, number * HEIGHT) for number, (title, points) in enumerate(drawn)]
    height = HEIGHT * max(1, len(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _panel(title: str, points: Sequence[Point], offset: int) -> str:
    bounds = [bound for point in points for bound in (point.lower, point.upper) if bound is not None]
    top = max([1e-9, *(point.value for point in points), *bounds])
    first, last = points[0].day, points[-1].day
    days = max(1, (last - first).days)

    def x(point: Point) -> int:
        return LEFT + round((WIDTH - LEFT - RIGHT) * (point.day - first).days / days)

    def y(value: float) -> int:
        return offset + TOP + round((HEIGHT - TOP - BOTTOM) * (1 - value / top))

    judged = [point for point in points if point.is_judged]
    upper = [f"{x(each)},{y(each.upper if each.upper is not None else top)}" for each in judged]
    lower = [f"{x(each)},{y(each.lower or 0)}" for each in reversed(judged)]
    base = offset + HEIGHT - BOTTOM
    band = f'<polygon points="{" ".join(upper + lower)}" fill="#d9e8f6"/>' if judged else ""
    line = " ".join(f"{x(each)},{y(each.value)}" for each in points)
    dots = "".join(
        f'<circle cx="{x(each)}" cy="{y(each.value)}" r="{4 if each.fails else 2}" '
        f'fill="{"#c62828" if each.fails else "#1f5f99"}"/>'
        for each in points
        if each.fails or len(points) == 1
    )
    return (
        f'<text x="{LEFT}" y="{offset + 14}" font-weight="bold">{escape(title)}</text>{band}'
        f'<path d="M{LEFT},{base}H{WIDTH - RIGHT}" stroke="#999"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f5f99" stroke-width="1.5"/>{dots}'
        f'<text x="{LEFT - 4}" y="{offset + TOP + 8}" text-anchor="end">{_short(top)}</text>'
        f'<text x="{LEFT - 4}" y="{base}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{base + 14}">{first}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{base + 14}" text-anchor="end">{last}</text>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= ALL_DIGITS else f"{value:.3g}"
