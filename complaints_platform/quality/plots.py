"""Histories as small pictures in SVG: a kilobyte each, drawn in a millisecond, for checks that run all day.

Larger pictures with axes of many kinds are drawn by Matplotlib (``classification.plots``).
"""

import math
from collections.abc import Sequence
from datetime import date
from html import escape

from complaints_platform.quality.assessments import Point

WIDTH = 640
HEIGHT = 150
TALL = 220
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 22, 20
ALL_DIGITS = 100
"""Numbers from here on are written without decimals."""
MOST_POINTS = 90
"""Older days are left out: the plot is for people, and stands in the event log."""


def history_svg(panels: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """Draw measures day by day below each other: the values, the band of what is usual, and in red what is not.

    Panels have a title and points in order of days; those without points are left out.
    """
    drawn = [(title, points[-MOST_POINTS:]) for title, points in panels if points]
    parts = [_panel(title, points, number * HEIGHT) for number, (title, points) in enumerate(drawn)]
    height = HEIGHT * max(1, len(drawn))
    return _svg(height, "".join(parts))


def windows_svg(
    title: str, by_day: Sequence[tuple[date, float]], first_new: date, means: tuple[float, float], threshold: float
) -> str:
    """Draw a measure day by day in which the newest days are compared with those before.

    Args:
        title: what is measured.
        by_day: day and value, in order of days, at least one; ``MOST_POINTS`` of them are drawn.
        first_new: first of the newest days, which are shaded.
        means: of the days before, dashed, and of the newest, red.
        threshold: how far the second may lie from the first, dotted; not finite where that is not known.
    """
    newest = by_day[-MOST_POINTS:]
    before, now = means
    limits = [before - threshold, before + threshold] if math.isfinite(threshold) else []
    values = [*means, *limits, *(value for _, value in newest)]
    low = max(0.0, min(values)) if min(value for _, value in newest) >= 0 else min(values)
    room = (max(values) - low) * 0.08 or abs(low) * 0.1 or 1.0
    top, bottom = max(values) + room, (low - room if low > room else low)
    height = TALL - BOTTOM
    first, last = newest[0][0], newest[-1][0]
    apart = (WIDTH - LEFT - RIGHT) / max(1, (last - first).days)

    def x(day: date) -> int:
        return LEFT + round(apart * (day - first).days)

    def y(value: float) -> int:
        return TOP + round((height - TOP) * (top - value) / (top - bottom))

    edge = max(LEFT, round(x(first_new) - apart / 2)) if first_new > first else LEFT
    line = " ".join(f"{x(day)},{y(value)}" for day, value in newest)
    dotted = "".join(
        f'<path d="M{LEFT},{y(limit)}H{WIDTH - RIGHT}" stroke="#888" stroke-dasharray="1 4"/>'
        for limit in limits
        if limit >= bottom
    )
    legend = f"- - days before: {before:.3g}" + (f" (dotted: ± {threshold:.3g})" if limits else "")
    return _svg(
        TALL,
        f'<rect x="{edge}" y="{TOP}" width="{WIDTH - RIGHT - edge}" height="{height - TOP}" fill="#fdebd8"/>'
        f'<text x="{LEFT}" y="14" font-weight="bold">{escape(title)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="14" text-anchor="end">{legend}'
        f'<tspan fill="#c62828"> — newest days: {now:.3g}</tspan></text>'
        f'<path d="M{LEFT},{height}H{WIDTH - RIGHT}" stroke="#999"/>{dotted}'
        f'<path d="M{LEFT},{y(before)}H{edge}" stroke="#555" stroke-dasharray="6 4"/>'
        f'<path d="M{edge},{y(now)}H{WIDTH - RIGHT}" stroke="#c62828" stroke-width="1.5"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f5f99" stroke-width="1.5"/>'
        + "".join(f'<circle cx="{x(day)}" cy="{y(value)}" r="2" fill="#1f5f99"/>' for day, value in newest)
        + f'<text x="{LEFT - 4}" y="{TOP + 8}" text-anchor="end">{_short(top)}</text>'
        f'<text x="{LEFT - 4}" y="{height}" text-anchor="end">{_short(bottom)}</text>'
        f'<text x="{LEFT}" y="{height + 14}">{first}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{height + 14}" text-anchor="end">{last}</text>',
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


def _svg(height: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{content}</svg>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= ALL_DIGITS else f"{value:.3g}"
